/** A real receiver of unix datagrams, which Node has none of. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const program = `
import json, os, socket, sys
name = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
receiver.bind("\\0" + name[1:] if name[0] == "@" else name)
print("listens", flush=True)
for line in sys.stdin:
    print(json.dumps(receiver.recv(65536).decode("utf8", "replace")), flush=True)
`;

export interface Receiver extends AsyncDisposable {
  /** The next datagram; waits for it. */
  next(): Promise<string>;
}

/** Listens at a path, or at an abstract name that begins with `@`. It takes nothing before it is asked for. */
export async function receiver(name: string): Promise<Receiver> {
  const child = spawn("/usr/bin/python3", ["-c", program, name], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH ?? "" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the receiver of datagrams ended");
    return String(value);
  };
  await line();
  return {
    async next() {
      child.stdin.write("\n");
      return String(JSON.parse(await line()));
    },
    async [Symbol.asyncDispose]() {
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    },
  };
}
