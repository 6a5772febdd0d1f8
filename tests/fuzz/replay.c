/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Gives the files named on the command line to a fuzz target, once each. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define INPUT_MAX (1 << 20)

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		uint8_t *data = malloc(INPUT_MAX);
		FILE *in = fopen(argv[i], "rb");
		size_t len;

		if (data == NULL || in == NULL) {
			perror(argv[i]);
			return 1;
		}
		len = fread(data, 1, INPUT_MAX, in);
		fclose(in);
		/* A buffer of just this size lets the sanitizers see a read past its end. */
		data = realloc(data, len > 0 ? len : 1);
		if (data == NULL)
			return 1;
		LLVMFuzzerTestOneInput(data, len);
		free(data);
	}
	return 0;
}
