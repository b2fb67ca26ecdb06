# SPDX-License-Identifier: Apache-2.0
# The warnings that this project is kept free of. They are errors in our own builds (WERROR=ON) and
# not in those of others, whose compilers may know more.
option(WERROR "Treat warnings as errors" OFF)
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes)
if(WERROR)
	add_compile_options(-Werror)
endif()
