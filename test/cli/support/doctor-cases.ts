/** Cases of `doctor`. */
import type { DoctorWorld } from "../../../agent/cli/doctor/world.ts";
import type { Case } from "./cases.ts";
import { calmStatus, doctorWorldOf, hostSocket } from "./doctor-world.ts";
import { oracle, root, type World } from "./world.ts";

const hostile = "\u001b[2J\u202egnp.exe\u0085\r\n$(reboot)`reboot`'";
const good = doctorWorldOf();

function world(doctor: Partial<DoctorWorld>): World {
  return { accounts: [root, oracle], doctor };
}

const faulty: Partial<DoctorWorld> = {
  async find(path) {
    const found = await good.find(path);
    if (path === "/etc/rcwarden" && found.kind === "there") return { ...found, gid: 110, mode: 0o775 };
    if (path.endsWith("/enter") && found.kind === "there") return { ...found, mode: 0o644 };
    return found;
  },
  freeBytes: async () => 20 * 2 ** 20,
  knowsShell: async () => false,
  status: async () => ({
    kind: "answer",
    socket: hostSocket,
    value: {
      ...calmStatus,
      rcwarden: "0.0.9",
      sinks: calmStatus.sinks.map((sink) => ({
        ...sink,
        waiting: 31,
        problem: { code: "unreachable", message: "https://engine.example: expected an answer, found ECONNREFUSED" },
      })),
    },
  }),
};

const spoilt: Partial<DoctorWorld> = {
  automated: async () => {
    const found = await good.automated(false);
    const nasty = { name: hostile, home: hostile, shell: hostile };
    return { ...found, accounts: found.accounts.map((each) => ({ ...each, account: { ...each.account, ...nasty } })) };
  },
  knowsShell: async () => false,
  find: async (path) => (path === hostile ? { kind: "absent" } : good.find(path)),
  status: async () => ({ kind: "refused", message: hostile }),
  sshd: async () => ({ kind: "unavailable", why: `sshd -T: exit 255, ${hostile}` }),
  accountOfUid: async () => ({ kind: "unavailable", why: hostile }),
};

export const doctorCases: readonly Case[] = [
  { name: "doctor", story: "all is in order", argv: ["doctor"], world: world({}) },
  {
    name: "doctor-alone",
    story: "nothing is installed and no agent runs, for who is not root: nothing is wrong",
    argv: ["doctor"],
    world: world({ callerUid: 501, status: async () => ({ kind: "no-agent", message: "none" }) }),
  },
  { name: "doctor-faults", story: "each fault with what mends it", argv: ["doctor"], world: world(faulty) },
  {
    name: "doctor-hostile",
    story: "names of the host cannot write to the terminal",
    argv: ["doctor"],
    world: world(spoilt),
  },
  {
    name: "doctor-json",
    story: "the same for a program",
    argv: ["doctor", "--json"],
    world: world(faulty),
    wide: true,
  },
  { name: "doctor-stray", story: "a word too many", argv: ["doctor", "who"], world: world({}) },
  { name: "doctor-help", story: "what it can be asked", argv: ["doctor", "--help"], world: world({}) },
];
