#!/usr/bin/perl
# Reads the guest's port on stdin and copies what the command prints to stdout, byte for byte and at once. How it
# ended goes to VERDICT-FILE, one line: "exit N", "timeout", "boot-timeout", "gone" or "gone-before-ready".
# The guest frames the output: a line "guest-ready TOKEN" before, "\0guest-end TOKEN STATUS\n" behind.
use strict;
use warnings;

my ($token, $boot_seconds, $command_seconds, $verdict_file) = @ARGV;
my $ready_line = "guest-ready $token\n";
my $end_mark   = "\0guest-end $token ";
my $ready      = 0;
my $pending    = '';

sub verdict {
	open my $file, '>', $verdict_file or die "guest: $verdict_file: $!\n";
	print $file "$_[0]\n";
	close $file;
	exit 0;
}

sub print_out {
	my ($text) = @_;
	while (length $text) {
		my $count = syswrite STDOUT, $text;
		if (!defined $count) {
			next if $!{EINTR};
			die "guest: cannot write the command's output: $!\n";
		}
		substr($text, 0, $count) = '';
	}
}

# How many bytes at the end of the text may be the beginning of the end mark.
sub possible_mark {
	my ($text) = @_;
	my $at = rindex $text, "\0";
	return 0 if $at < 0;
	my $tail = substr $text, $at;
	return index($end_mark, $tail) == 0 ? length $tail : 0;
}

sub handle_pending {
	if (!$ready) {
		return if index($pending, $ready_line) != 0;
		substr($pending, 0, length $ready_line) = '';
		$ready = 1;
		alarm $command_seconds;
	}
	my $at = index $pending, $end_mark;
	if ($at < 0) {
		my $hold = possible_mark($pending);
		print_out(substr $pending, 0, length($pending) - $hold);
		$pending = $hold ? substr($pending, -$hold) : '';
		return;
	}
	if (substr($pending, $at) =~ /\A\Q$end_mark\E(\d+)\n/) {
		print_out(substr $pending, 0, $at);
		verdict("exit $1");
	}
}

$SIG{ALRM} = sub { verdict($ready ? 'timeout' : 'boot-timeout') };
alarm $boot_seconds;
while (1) {
	my $count = sysread STDIN, $pending, 65536, length $pending;
	next if !defined $count && $!{EINTR};
	last if !$count;
	handle_pending();
}
print_out($pending) if $ready;
verdict($ready ? 'gone' : 'gone-before-ready');
