/**
 * The same question again. Who watches asks the same bytes over and over, and most of what an answer takes is to read them.
 * A request that node:http read and every check let through is remembered by its very bytes, if it came whole, alone and
 * first on its connection; where another connection says exactly these bytes, at its beginning or after an answer to such
 * ones, it asks the same. Who asks and whether he may is looked at anew, and the answer is made anew. All else, and from then
 * on the whole connection, is node:http's: there is no second reader of HTTP here.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Admission } from "./admission.ts";
import type { Question } from "./question.ts";
import { bye, headersFor, type Leaving, leaving, type Outcome } from "./told.ts";

const silentMs = 5_000;
const idleMs = 15_000;
const mostAnswers = 1_000;
const mostBytes = 2_048;
const mostQuestions = 64;
/** Of an answer that is kept whole. */
const mostKeptBytes = 64 * 1024;
const end = "\r\n\r\n";

export interface Around {
  readonly server: Server;
  /** Null where it is not to be answered here: node:http gets the request then. */
  answer(question: Question, socket: Socket): Outcome | null;
  /** An answer was written; `taken`: the kernel took all of it. */
  told(socket: Socket, taken: boolean): void;
}

interface Remembered {
  readonly question: Question;
  /** The last answer, whole, for as long as it is the same within the same second; null where it is made each time. */
  last: { readonly text: string; readonly status: number; readonly second: number; readonly bytes: Buffer } | null;
}

/** A connection that node:http did not get yet. */
interface Front {
  answers: number;
  readonly giveUp: () => void;
}

export class Again {
  readonly #around: Around;
  /** What node:http does with a connection. */
  readonly #asHttp: readonly unknown[];
  readonly #fronts = new Map<Socket, Front>();
  readonly #first = new WeakMap<Socket, string>();
  readonly #known = new Map<string, Remembered>();

  /** Takes the place of what `server` does with a connection, and does it later, or not at all. */
  constructor(around: Around) {
    this.#around = around;
    this.#asHttp = around.server.listeners("connection");
    around.server.removeAllListeners("connection");
  }

  /** A new connection. */
  meet(socket: Socket, admission: Exclude<Admission, "cut">): void {
    if (admission === "refused") {
      this.#hand(socket);
      return;
    }
    const heard = (chunk: Buffer) => this.#heard(socket, chunk);
    const ends = () => void socket.end();
    const gone = () => void socket.destroy();
    const drained = () => this.#around.told(socket, true);
    const giveUp = () => {
      this.#fronts.delete(socket);
      socket.setTimeout(0);
      for (const [event, listener] of listeners) socket.off(event, listener);
    };
    const listeners = [
      ["data", heard],
      ["end", ends],
      ["timeout", gone],
      ["error", gone],
      ["drain", drained],
      ["close", giveUp],
    ] as const;
    this.#fronts.set(socket, { answers: 0, giveUp });
    socket.setTimeout(silentMs);
    for (const [event, listener] of listeners) socket.on(event, listener);
  }

  /** `request` was let through and can be answered at once. */
  remember(request: IncomingMessage, question: Question): void {
    const { socket, method, httpVersion, headers } = request;
    const bytes = this.#first.get(socket);
    this.#first.delete(socket);
    if (bytes === undefined || method !== "GET" || httpVersion !== "1.1") return;
    if (headers.connection !== undefined || headers.upgrade !== undefined || headers.expect !== undefined) return;
    if (this.#known.size >= mostQuestions) this.#known.clear();
    this.#known.set(bytes, { question, last: null });
  }

  /** Ends the connections on which nothing is being asked. */
  close(): void {
    for (const socket of this.#fronts.keys()) socket.destroy();
  }

  #heard(socket: Socket, chunk: Buffer): void {
    // Asked before the last answer was taken: as little welcome here as behind.
    if (!socket.writable || socket.writableLength > 0) return void socket.destroy();
    const text = chunk.length <= mostBytes ? chunk.toString("latin1") : "";
    const known = this.#known.get(text);
    const outcome = known === undefined ? null : this.#around.answer(known.question, socket);
    if (known !== undefined && outcome !== null) this.#tell(socket, known, outcome);
    else this.#pass(socket, chunk, text);
  }

  #pass(socket: Socket, chunk: Buffer, text: string): void {
    const front = this.#fronts.get(socket);
    front?.giveUp();
    if (front?.answers === 0 && isWhole(text)) this.#first.set(socket, text);
    socket.unshift(chunk);
    this.#hand(socket);
  }

  #tell(socket: Socket, known: Remembered, outcome: Outcome): void {
    const front = this.#fronts.get(socket);
    if (front === undefined) return;
    front.answers++;
    if (front.answers === 1) socket.setTimeout(idleMs);
    const isLast = front.answers === mostAnswers;
    const taken = socket.write(isLast ? rendered(leaving(outcome), bye) : kept(known, outcome));
    if (isLast) socket.end();
    if (!taken || socket.writableLength > 0) this.#around.told(socket, false);
  }

  #hand(socket: Socket): void {
    for (const listener of this.#asHttp) {
      if (typeof listener === "function") Reflect.apply(listener, this.#around.server, [socket]);
    }
  }
}

/** One request and nothing behind it, as far as its bytes can say it; node:http has the last word. */
function isWhole(text: string): boolean {
  return text.startsWith("GET /") && text.indexOf(end) === text.length - end.length;
}

function kept(known: Remembered, outcome: Outcome): Buffer {
  const second = Math.floor(Date.now() / 1_000);
  const { last } = known;
  const isSame = outcome.kind === "text" && last?.text === outcome.text && last.status === (outcome.status ?? 200);
  if (isSame && last.second === second) return last.bytes;
  const told = leaving(outcome);
  const bytes = rendered(told, stays);
  const isKept = outcome.kind === "text" && bytes.length <= mostKeptBytes;
  known.last = isKept ? { text: told.text, status: told.status, second, bytes } : null;
  return bytes;
}

const stays = { Connection: "keep-alive", "Keep-Alive": `timeout=${idleMs / 1_000}, max=${mostAnswers}` };

function rendered(told: Leaving, connection: Readonly<Record<string, string>>): Buffer {
  const { status, text } = told;
  const headers = { ...headersFor(told), ...connection, Date: new Date().toUTCString() };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}${end}${text}`);
}
