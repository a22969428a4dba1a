import * as fc from "fast-check";

/** Any value that a shell can hold: no NUL, no half of a surrogate pair; often with what quoting is made of. */
export const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).filter((value) => !value.includes("\0")),
  fc.string({ unit: fc.constantFrom(..."ab'\"\\$`!\n\t =;&|*?[]{}()<>#~^%é\x01\x7f€\r"), maxLength: 16 }),
);

export const writtenForSh = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;

/** csh looks for history in quotes, too, and wants a backslash before a newline. */
export const writtenForCsh = (value: string) =>
  `'${value.replaceAll("'", "'\\''").replaceAll("!", "\\!").replaceAll("\n", "\\\n")}'`;
