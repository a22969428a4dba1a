/**
 * The shapes of a startup file that both syntax families share: words made of parts, and the commands made of words.
 * Offsets are JavaScript string offsets into the file's text; text.ts turns them into lines and columns.
 */

/** A piece of a word. What only a run can tell is there as its syntax: a variable by name, a command by its body. */
export type Part =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: "variable";
      readonly name: string;
      /** What stands between the name and the argument (`:-`, `%%`, csh's `?`); "" for the plain value, `odd` else. */
      readonly op: string;
      readonly argument: Word | null;
      readonly quoted: boolean;
    }
  | { readonly kind: "command"; readonly body: List | null; readonly quoted: boolean }
  | { readonly kind: "array"; readonly items: readonly Word[] }
  | { readonly kind: "odd"; readonly quoted: boolean };

export interface Word {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly Part[];
}

export interface Assignment {
  readonly name: string;
  readonly append: boolean;
  /** Null where the name has an index. */
  readonly value: Word | null;
  readonly start: number;
  readonly end: number;
}

export interface Redirect {
  /** The descriptor as written, or null for the operator's own. */
  readonly descriptor: number | null;
  readonly op: string;
  readonly target: Word | null;
}

interface Spot {
  readonly start: number;
  readonly end: number;
}
interface Compound extends Spot {
  readonly redirects: readonly Redirect[];
}

export interface Simple extends Compound {
  readonly kind: "simple";
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
}
export interface Pipeline extends Spot {
  readonly kind: "pipeline";
  readonly negated: boolean;
  readonly commands: readonly Node[];
}
export interface Logic extends Spot {
  readonly kind: "logic";
  readonly first: Node;
  readonly rest: readonly { readonly op: "&&" | "||"; readonly node: Node }[];
}
export interface Group extends Compound {
  readonly kind: "group";
  readonly subshell: boolean;
  /** A nameless function of zsh: `return` ends it. */
  readonly nameless: boolean;
  readonly body: List;
}
/** sh runs commands and looks at their status; csh looks at an expression. */
export type Condition =
  | { readonly kind: "list"; readonly list: List }
  | { readonly kind: "expression"; readonly items: readonly (Word | string)[] };
export interface If extends Compound {
  readonly kind: "if";
  readonly branches: readonly (Spot & { readonly condition: Condition; readonly body: List })[];
  readonly otherwise: List | null;
}
export interface Arm extends Spot {
  readonly patterns: readonly Word[];
  readonly body: List;
  /** Goes on into the next arm: `;&`, and csh without `breaksw`. */
  readonly falls: boolean;
}
export interface Case extends Compound {
  readonly kind: "case";
  readonly word: Word;
  readonly arms: readonly Arm[];
}
export interface For extends Compound {
  readonly kind: "for";
  readonly name: string;
  /** Null for the positional parameters, or where the loop counts. */
  readonly items: readonly Word[] | null;
  readonly select: boolean;
  readonly body: List;
}
export interface While extends Compound {
  readonly kind: "while";
  readonly until: boolean;
  readonly condition: Condition;
  readonly body: List;
}
export interface Define extends Spot {
  readonly kind: "function";
  readonly names: readonly string[];
  readonly body: Node;
}
/** `[[ ... ]]`: words and the operators between them as they stand. */
export interface Test extends Compound {
  readonly kind: "test";
  readonly items: readonly (Word | string)[];
}
export interface Arithmetic extends Compound {
  readonly kind: "arithmetic";
}

export type Node = Simple | Pipeline | Logic | Group | If | Case | For | While | Define | Test | Arithmetic;

export interface Item {
  readonly node: Node;
  readonly background: boolean;
}
export type List = readonly Item[];

/** What was read of a file: its commands up to where the text makes no sense any more. */
export interface Unit {
  readonly list: List;
  readonly start: number;
  readonly broken: { readonly at: number; readonly says: string } | null;
}

/** The word's text where no run is needed to know it, quotes taken away; null otherwise. */
export function plain(word: Word): string | null {
  let text = "";
  for (const part of word.parts) {
    if (part.kind !== "text") return null;
    text += part.text;
  }
  return text;
}
