/** test(1), `[`, `[[` and csh's expressions, as far as they can be told without running anything. */
import { type Field, fieldsOf, type Ground, isEmpty, patternOf, valueOfWord } from "./expand.ts";
import { fileQuestions } from "./files.ts";
import { matches } from "./glob.ts";
import { isTerminal } from "./session.ts";
import type { Word } from "./syntax.ts";
import { plain } from "./syntax.ts";
import { both, either, not, type Truth, truth, type Value } from "./values.ts";

/** An operand, or an operator that stands there by itself. */
export type Operand = { readonly value: Field; readonly pattern: string | null } | string;

const deepest = 40;
interface Place {
  readonly operands: readonly Operand[];
  readonly ground: Ground;
  readonly cwd: string | null;
  at: number;
  deep: number;
}

/** `[ ... ]` and test(1): the words decide what is an operator, as POSIX has it for up to four. */
export function testCommand(words: readonly Word[], ground: Ground, cwd: string | null): Truth {
  const fields = fieldsOf(words, ground);
  if (fields.length === 0) return "no";
  const [first] = fields;
  // One argument is a text, whatever it looks like: `[ -n $UNSET ]` holds.
  if (fields.length === 1 && first !== undefined) return not(isEmpty(first));
  if (fields.length === 2 && first?.text === "!") return fields[1] === undefined ? "maybe" : isEmpty(fields[1]);
  const operands = fields.map((value): Operand => asOperator(value) ?? { value, pattern: value.pattern });
  return whole({ operands, ground, cwd, at: 0, deep: 0 }, "-o", "-a");
}

function asOperator({ text }: Field): string | null {
  return text !== null && /^(-[a-zA-Z]|-[a-z]{2}|!=?|==?|=~|[()<>])$/.test(text) ? text : null;
}

/** `[[ ... ]]`: operators are what stands there unquoted. */
export function testKeyword(items: readonly (Word | string)[], ground: Ground, cwd: string | null): Truth {
  return whole({ operands: operandsOf(items, ground), ground, cwd, at: 0, deep: 0 }, "||", "&&");
}

/** csh's `( ... )`: `==`, `=~`, `-e FILE`, numbers, `!`. */
export function cshExpression(items: readonly (Word | string)[], ground: Ground, cwd: string | null): Truth {
  const spaced = items.flatMap((item): (Word | string)[] => (typeof item === "string" ? [item] : unglued(item)));
  return whole({ operands: operandsOf(spaced, ground), ground, cwd, at: 0, deep: 0 }, "||", "&&");
}

/** csh takes `!$?prompt` and `!-e` apart. */
function unglued(word: Word): (Word | string)[] {
  const [first, ...rest] = word.parts;
  if (first?.kind !== "text" || first.quoted || !/^!(?![=~])./.test(`${first.text}${rest.length > 0 ? "x" : ""}`))
    return [word];
  const text = first.text.slice(1);
  return ["!", { ...word, parts: text === "" ? rest : [{ ...first, text }, ...rest] }];
}

function operandsOf(items: readonly (Word | string)[], ground: Ground): Operand[] {
  return items.map((item) => {
    if (typeof item === "string") return item;
    const bare = plain(item);
    const isBare = item.parts.every((part) => part.kind === "text" && !part.quoted);
    if (isBare && bare !== null && /^(-[a-zA-Z]|-[a-z]{2}|![=~]?|==?|=~|[<>]=?)$/.test(bare)) return bare;
    return { value: asField(valueOfWord(item, ground)), pattern: patternOf(item, ground) };
  });
}

function asField(value: Value): Field {
  if (value.kind === "text") return { text: value.text, full: value.text !== "", pattern: null };
  if (value.kind === "unset") return { text: "", full: false, pattern: null };
  return {
    text: null,
    full: value.kind === "some" || (value.kind === "list" && value.items.length > 0),
    pattern: null,
  };
}

function whole(place: Place, or: string, and: string): Truth {
  const result = anyOf(place, or, and);
  // What was not understood to its end may say anything.
  return place.at >= place.operands.length ? result : "maybe";
}

function anyOf(place: Place, or: string, and: string): Truth {
  let result = allOf(place, or, and);
  while (place.operands[place.at] === or) {
    place.at++;
    result = either(result, allOf(place, or, and));
  }
  return result;
}

function allOf(place: Place, or: string, and: string): Truth {
  let result = one(place, or, and);
  while (place.operands[place.at] === and) {
    place.at++;
    result = both(result, one(place, or, and));
  }
  return result;
}

function one(place: Place, or: string, and: string): Truth {
  let negated = false;
  for (; place.operands[place.at] === "!"; place.at++) negated = !negated;
  const result = primary(place, or, and);
  return negated ? not(result) : result;
}

const comparisons = ["=", "==", "!=", "=~", "!~", "<", ">", "<=", ">=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
const ages = ["-nt", "-ot", "-ef"];

function primary(place: Place, or: string, and: string): Truth {
  const { operands, at } = place;
  const operand = operands[at];
  const next = operands[at + 1];
  if (operand === undefined) return "maybe";
  if (typeof next === "string" && (comparisons.includes(next) || ages.includes(next)) && operand !== "(") {
    place.at += 3;
    const right = operands[at + 2];
    return right === undefined || ages.includes(next) ? "maybe" : compared(fieldOf(operand), next, right, place.ground);
  }
  if (operand === "(") {
    if (place.deep >= deepest) return giveUp(place);
    place.at++;
    place.deep++;
    const result = anyOf(place, or, and);
    place.deep--;
    if (operands[place.at] !== ")") return giveUp(place);
    place.at++;
    return result;
  }
  if (typeof operand === "string" && operand.startsWith("-") && next !== undefined && next !== ")") {
    place.at += 2;
    return asked(operand.slice(1), fieldOf(next), place);
  }
  if (typeof operand === "string" && !operand.startsWith("-")) return giveUp(place);
  place.at++;
  const value = fieldOf(operand);
  // A value alone: csh takes it for a number, the others for a text.
  if (place.ground.syntax === "csh") return value.text === null ? "maybe" : truth(!/^0*$/.test(value.text));
  return not(isEmpty(value));
}

function giveUp(place: Place): Truth {
  place.at = place.operands.length + 1;
  return "maybe";
}

function fieldOf(operand: Operand): Field {
  return typeof operand === "string" ? { text: operand, full: true, pattern: null } : operand.value;
}

function compared(left: Field, op: string, right: Operand, ground: Ground): Truth {
  const wanted = fieldOf(right);
  if (op.startsWith("-") || /^[<>]=?$/.test(op)) return numbers(left.text, op, wanted.text);
  // Nothing is known but that one is empty and the other is not.
  if (
    (left.text === "" && wanted.text === null && wanted.full) ||
    (wanted.text === "" && left.full && left.text === null)
  )
    return truth(op.startsWith("!"));
  if (left.text === null) return "maybe";
  if (op === "=~" && ground.syntax === "sh") return expression(left.text, wanted.text);
  const pattern = typeof right === "string" ? right : right.pattern;
  const usesPattern = ground.syntax === "csh" ? op.endsWith("~") : pattern !== null;
  const same = usesPattern ? matched(pattern, left.text) : wanted.text === null ? null : left.text === wanted.text;
  return op.startsWith("!") ? not(truth(same)) : truth(same);
}

function matched(pattern: string | null, text: string): boolean | null {
  return pattern === null ? null : matches(pattern, text);
}

/** Only plain letters: a regular expression of the file's owner is not run here. */
function expression(text: string, wanted: string | null): Truth {
  if (wanted === null || !/^\^?[\w./-]*\$?$/.test(wanted)) return "maybe";
  const plainly = wanted.replace(/^\^/, "").replace(/\$$/, "");
  if (plainly.includes(".")) return "maybe";
  if (wanted.startsWith("^")) return truth(wanted.endsWith("$") ? text === plainly : text.startsWith(plainly));
  return truth(wanted.endsWith("$") ? text.endsWith(plainly) : text.includes(plainly));
}

function numbers(left: string | null, op: string, right: string | null): Truth {
  if (left === null || right === null || !/^-?\d{1,15}$/.test(left) || !/^-?\d{1,15}$/.test(right)) return "maybe";
  const [a, b] = [Number(left), Number(right)];
  const answers: Readonly<Record<string, boolean>> = {
    "-eq": a === b,
    "-ne": a !== b,
    "-lt": a < b,
    "<": a < b,
    "-le": a <= b,
    "<=": a <= b,
    "-gt": a > b,
    ">": a > b,
    "-ge": a >= b,
    ">=": a >= b,
  };
  return truth(answers[op] ?? null);
}

function asked(letter: string, operand: Field, { ground, cwd }: Place): Truth {
  if (ground.syntax !== "csh") {
    if (letter === "z") return isEmpty(operand);
    if (letter === "n") return not(isEmpty(operand));
    if (letter === "t") return operand.text === null ? "maybe" : isTerminal(ground.session, operand.text);
    if (letter === "o") return option(operand.text, ground);
    if (letter === "v") return operand.text === null ? "maybe" : isSet(operand.text, ground);
  }
  const { text } = operand;
  if (text === null || !fileQuestions.includes(letter)) return "maybe";
  if (text === "") return "no";
  if (text.includes("\0") || (!text.startsWith("/") && cwd === null)) return "maybe";
  const question = ground.syntax === "csh" ? (csh[letter] ?? letter) : letter;
  return truth(ground.files.ask(question, text.startsWith("/") ? text : `${cwd}/${text}`));
}
/** csh has `-l` for links and `-o` for owned. */
const csh: Readonly<Record<string, string>> = { l: "h", o: "O" };

function isSet(name: string, ground: Ground): Truth {
  const { kind } = ground.variables.get(name);
  return kind === "unknown" ? "maybe" : truth(kind !== "unset");
}

function option(name: string | null, { session }: Ground): Truth {
  if (name === "interactive") return truth(session.isInteractive);
  if (name === "login" || name === "login_shell") return truth(session.isLogin);
  return "maybe";
}
