import type * as z from "zod";

type Issue = z.core.$ZodIssue;

/**
 * Turns text into the number or the boolean that the schema asks for at that place. It asks the schema by parsing: where
 * that complains about text in place of a number or boolean and the text is one, the text is replaced.
 */
export function convertScalars(schema: z.ZodType, value: unknown): unknown {
  let converted = value;
  // What stands inside a converted union shows only in the next round; schemas are not nested deeper than this.
  for (let round = 0; round < 4; round += 1) {
    const result = schema.safeParse(converted);
    if (result.success) return converted;
    const before = converted;
    for (const wanted of wantedScalars(result.error.issues, [])) {
      converted = replaced(converted, wanted.path, wanted.expected);
    }
    if (converted === before) return converted;
  }
  return converted;
}

interface Wanted {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
}

function wantedScalars(issues: readonly Issue[], base: readonly PropertyKey[]): readonly Wanted[] {
  return issues.flatMap((issue): readonly Wanted[] => {
    const path = [...base, ...issue.path];
    if (issue.code === "invalid_union") return issue.errors.flatMap((branch) => wantedScalars(branch, path));
    return issue.code === "invalid_type" ? [{ path, expected: issue.expected }] : [];
  });
}

function replaced(value: unknown, path: readonly PropertyKey[], expected: string): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return typeof value === "string" ? scalar(value, expected) : value;
  if (Array.isArray(value)) {
    const index = Number(step);
    if (!(index in value)) return value;
    const inner = replaced(value[index], rest, expected);
    return inner === value[index] ? value : value.with(index, inner);
  }
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return value;
  const before: unknown = Object.getOwnPropertyDescriptor(value, step)?.value;
  const inner = replaced(before, rest, expected);
  if (inner === before) return value;
  return Object.defineProperty({ ...value }, step, {
    value: inner,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function scalar(text: string, expected: string): unknown {
  if (expected === "boolean" && (text === "true" || text === "false")) return text === "true";
  const number = /^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?$/;
  if ((expected === "number" || expected === "int") && number.test(text)) return Number(text);
  return text;
}
