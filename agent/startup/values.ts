/** What is known of a variable before anything runs. `some`: it is set and not empty, its text is not known. */
export type Value =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly Value[] }
  | { readonly kind: "some" | "unset" | "unknown" };

export const unset: Value = { kind: "unset" };
export const some: Value = { kind: "some" };
export const unknown: Value = { kind: "unknown" };
export function textValue(text: string): Value {
  return { kind: "text", text };
}

/** yes, no, or what only a run can tell. */
export type Truth = "yes" | "no" | "maybe";

export function not(truth: Truth): Truth {
  return truth === "yes" ? "no" : truth === "no" ? "yes" : "maybe";
}
export function both(left: Truth, right: Truth): Truth {
  if (left === "no" || right === "no") return "no";
  return left === "yes" && right === "yes" ? "yes" : "maybe";
}
export function either(left: Truth, right: Truth): Truth {
  return not(both(not(left), not(right)));
}
export function truth(known: boolean | null): Truth {
  return known === null ? "maybe" : known ? "yes" : "no";
}

export interface Variables {
  get(name: string): Value;
  set(name: string, value: Value): void;
  /** Runs `inner`, then takes back what it set; gives what it had set. */
  aside(inner: () => void): ReadonlyMap<string, Value>;
}

/** A text longer than this is not worth knowing: no path and no guard has it, and values that grow would cost time. */
const longest = 4_096;

/** Taking back goes by a journal of what was set, so that a branch costs what it sets, not what there is. */
export function variables(initial: (name: string) => Value): Variables {
  const known = new Map<string, Value>();
  const journals: Map<string, Value | undefined>[] = [];
  return {
    get: (name) => known.get(name) ?? initial(name),
    set(name, value) {
      const journal = journals.at(-1);
      if (journal !== undefined && !journal.has(name)) journal.set(name, known.get(name));
      known.set(name, value.kind === "text" && value.text.length > longest ? some : value);
    },
    aside(inner) {
      const journal = new Map<string, Value | undefined>();
      journals.push(journal);
      inner();
      journals.pop();
      const changed = new Map<string, Value>();
      for (const [name, before] of journal) {
        changed.set(name, known.get(name) ?? unknown);
        if (before === undefined) known.delete(name);
        else known.set(name, before);
      }
      return changed;
    },
  };
}

/** What is known where either of two ways may have been taken. */
export function joined(one: Value, other: Value): Value {
  if (one.kind === "text" && other.kind === "text" && one.text === other.text) return one;
  if (one.kind === other.kind && one.kind === "unset") return unset;
  const full = (value: Value) => value.kind === "some" || (value.kind === "text" && value.text !== "");
  return full(one) && full(other) ? some : unknown;
}
