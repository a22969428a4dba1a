/** A fault of the program as one line: a stack trace tells a DBA nothing. */
export function internalError(error: unknown): string {
  const says = error instanceof Error ? error.message : String(error);
  return `rcwarden: internal error: ${says.split("\n", 1)[0]}; please report it`;
}
