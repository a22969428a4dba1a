import { checkedNonce } from "./frames.ts";
import { single } from "./quote.ts";
import type { Shell } from "./shell.ts";

/** How a shell of the sh family that only writes listings is made to tell them: bash and zsh have ways of their own. */
export interface Listing {
  /** The word of a builtin, said so that no alias and no function stands for it, once `free` has run. */
  own(builtin: string): string;
  /** Prints the (quoted) word and a newline, or a NUL. */
  line(word: string): string;
  field(word: string): string;
  /** Builtins that the dump uses and that a function may stand for; special builtins are none of them. */
  readonly needed: readonly string[];
  /** Takes functions of these names away. */
  free(names: readonly string[]): string;
  /** Asks what `$NAME` is: `type`, or what the shell has in its place, and the builtins that this and `field` take. */
  readonly type: string;
  readonly asking: readonly string[];
  /** Says of the names in `asking` in another way whether they are functions. */
  readonly hidden: string;
  /** Lists aliases, then takes them away. Null where the shell has none. */
  readonly aliases: { readonly list: string; readonly drop: string } | null;
  /**
   * Lists the names of all functions: `first` by something that no function can stand for, so that nothing need be asked
   * before they go; `later` otherwise. Null where the shell can only be asked for one.
   */
  readonly functions: { readonly when: "first" | "later"; readonly list: string } | null;
  /** Lists the variables, as `NAME=QUOTED` lines. */
  readonly variables: string;
  readonly exported: string;
  /** Traps that would speak in the midst of the answer, beside EXIT. `early`: one that speaks before every command. */
  readonly traps: { readonly late: string; readonly early: string };
}

/** What `own`, `line`, `field`, `type` and so on are where a backslash keeps aliases away and `unset -f` functions. */
export const freed = {
  own: (builtin: string) => `\\${builtin}`,
  line: (word: string) => `\\printf '%s\\n' ${word}`,
  field: (word: string) => `\\printf '%s\\0' ${word}`,
  free: (names: readonly string[]) => `\\unset -f ${names.join(" ")}`,
  asking: ["type", "printf"],
  type: "\\type",
  hidden: "( \\unset -f command; \\command -V type; \\command -V printf ) 2>/dev/null",
  variables: "\\set",
  exported: "\\export -p",
  traps: { late: "EXIT", early: "" },
} as const;

/**
 * The text that makes such a shell tell its definitions. How it survives what startup files did (measured):
 * - Every command word is quoted, so that no alias bites; keywords come before aliases in all of these shells.
 * - Special builtins (set, unset, trap, export) cannot be named by a function, or come before one. With `unset -f` all
 *   that stand for other builtins go; but first, in subshells that each drop only what they use, it is asked which were there.
 * - Options are taken first, then those that end or hinder are put off. `>|` for noclobber; one open of the FIFO, held
 *   by one group, so that its reader sees one end.
 * - An interactive dash keeps the last word of each command in `$_`: no frame may be that word when variables are listed.
 */
export function listingDump(how: Listing): Shell["dump"] {
  return ({ answer, nonce, names }) => {
    const n = `_rcw_${checkedNonce(nonce)}_`;
    const { own, line, field } = how;
    const free = (some: readonly string[]) => (some.length === 0 ? "\\:" : how.free(some));
    const isFirst = how.functions?.when === "first";
    const section = (name: string) => line(`'\n${nonce}:${name}'`);
    const each = (words: readonly string[], body: string) =>
      `for ${n}name in ${words.map(single).join(" ")}; do ${body}; done`;
    const told = (body: string) => `${field(`"$${n}name"`)}; ${body}; ${field("''")}`;
    const asked = `${how.type} "$${n}name" 2>/dev/null`;
    const record = told(asked);
    const others = [...new Set([...names, ...how.needed])];
    const { late, early } = how.traps;
    return `${n}flags=$- ${n}options=$(\\set -o)
\\set +euxvf
${isFirst ? `${n}functions=$(${how.functions?.list})\n${free(how.needed)}` : "\\:"}
${early === "" ? "\\:" : `${n}traps=$(${own("trap")}); ${own("trap")} - ${early}`}
{
( ${free(how.asking)}
${section("begin")}
${section("traps")}
${early === "" ? "\\:" : line(`"$${n}traps"`)} )
${early === "" ? own("trap") : "\\:"}
${own("trap")} - ${late}
( ${free(how.asking)}
${section("asked")}
${each(others, `${record}; ${line(nonce)}`)}
${section("hidden")} )
${how.hidden}
${isFirst ? "\\:" : free(how.needed)}
${section("functions")}
${isFirst ? line(`"$${n}functions"`) : (how.functions?.list ?? "\\:")}
${section("left")}
${each(how.needed, `${record}; ${line(nonce)}`)}
${section("aliases")}
${how.aliases === null ? "\\:" : `${how.aliases.list}; ${how.aliases.drop}`}
${section("options")}
${line(`"$${n}options"`)}
${section("flags")}
${line(`"$${n}flags"`)}
${section("exported")}
${how.exported}
${section("variables")}
\\: _
${how.variables}
${section("commands")}
${each(names, `${record}; ( ${own("unset")} -f "$${n}name"; ${own("command")} -v "$${n}name" ) 2>/dev/null; ${field("''")}; ${line(nonce)}`)}
${section("umask")}
${own("umask")}
${section("cwd")}
${own("pwd")} -P || ${line('"$PWD"')}
${section("end")}
} >|${single(answer)}
${line(single(nonce))}
${line(single(nonce))} >&2
`;
  };
}
