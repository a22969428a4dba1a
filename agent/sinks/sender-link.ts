/** The agent's end of the pipe to the sender: started when there is something to send, ended when there was not for a while. */
import { jsonLines, parsedJson } from "./json-lines.ts";
import { mostReplyBytes, SenderReply, type SenderRequest } from "./protocol.ts";
import type { SenderProcess, SinkParts } from "./sink.ts";

interface Running {
  readonly process: SenderProcess;
  readonly waiting: Map<number, (reply: SenderReply) => void>;
}

/** The sender keeps its own deadline; this one is for a sender that does not answer at all. */
const graceMs = 5_000;

export class SenderLink {
  readonly #parts: Pick<SinkParts, "spawnSender" | "log">;
  readonly #idleMs: number;
  #running: Running | null = null;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;
  #identity: string | null = null;

  constructor(parts: Pick<SinkParts, "spawnSender" | "log">, idleMs = 60_000) {
    this.#parts = parts;
    this.#idleMs = idleMs;
  }

  /** Who the sender runs as; null before the first one. */
  get identity(): string | null {
    return this.#identity;
  }

  /** Never rejects: a sender that fails is a reply, too, and the next request starts another. */
  async post(request: Omit<SenderRequest, "id">): Promise<SenderReply> {
    clearTimeout(this.#idle);
    this.#lastId += 1;
    const id = this.#lastId;
    let running: Running;
    try {
      running = this.#running ?? this.#start();
    } catch (error) {
      return failed(id, "sender-ended", String(error), false);
    }
    const { promise, resolve } = Promise.withResolvers<SenderReply>();
    running.waiting.set(id, resolve);
    const deadline = setTimeout(() => {
      resolve(failed(id, "sender-silent", "the sender did not answer in time", true));
      this.#drop(running);
    }, request.timeoutMs + graceMs);
    deadline.unref();
    running.process.input.write(`${JSON.stringify({ id, ...request })}\n`);
    const reply = await promise;
    clearTimeout(deadline);
    running.waiting.delete(id);
    this.#rest();
    return reply;
  }

  /** Ends the sender at once; what it was sending may have arrived. */
  end(): void {
    clearTimeout(this.#idle);
    if (this.#running !== null) this.#drop(this.#running);
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#leave(), this.#idleMs);
    this.#idle.unref();
  }

  /** Lets it end by itself. */
  #leave(): void {
    this.#running?.process.input.end();
    this.#running = null;
  }

  #start(): Running {
    const process = this.#parts.spawnSender();
    const running: Running = { process, waiting: new Map() };
    this.#running = running;
    this.#identity = process.identity;
    const babble = () => {
      this.#parts.log("error", "the sender said what it may not say; it was ended");
      this.#drop(running);
    };
    process.output.on(
      "data",
      jsonLines(mostReplyBytes, (line) => this.#hear(running, line, babble), babble),
    );
    process.output.on("error", () => this.#drop(running));
    process.input.on("error", () => this.#drop(running));
    void process.ended.then((how) => this.#gone(running, how));
    return running;
  }

  #hear(running: Running, line: string, babble: () => void): void {
    const parsed = SenderReply.safeParse(parsedJson(line));
    const resolve = parsed.success ? running.waiting.get(parsed.data.id) : undefined;
    if (parsed.success && resolve !== undefined) resolve(parsed.data);
    else babble();
  }

  #drop(running: Running): void {
    running.process.kill();
    this.#gone(running, "ended by the agent");
  }

  #gone(running: Running, how: string): void {
    if (this.#running === running) this.#running = null;
    for (const [id, resolve] of running.waiting) resolve(failed(id, "sender-ended", how, true));
    running.waiting.clear();
  }
}

function failed(id: number, code: string, message: string, left: boolean): SenderReply {
  return { id, kind: "failed", code, message: message.slice(0, 400), certificate: null, left };
}
