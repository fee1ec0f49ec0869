import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { type Listener, runHeard } from './in-process.js';
import { mirrorWeek } from './mirror-week.js';
import type { CommandName } from './run-command.js';

/** A program that sends its arguments to the server, prints what it says, and ends as it says. */
const CLIENT = `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/PORT
printf '%s\\0' "$#" "$PWD" "\${0##*/}" "$@" >&3
while read -r -u 3 what number; do
  case $what in
    stdout) head -c "$number" <&3 ;;
    stderr) head -c "$number" <&3 >&2 ;;
    exit) exit "$number" ;;
  esac
done
exit 99
`;

/**
 * Runs our commands for shell scripts without a process of Node for each, one after the other, in the directory of
 * the script.
 */
export class CommandServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<CommandServer> {
    let last: Promise<void> = Promise.resolve();
    const server = createServer((socket) => {
      last = last.then(() => answer(socket));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new CommandServer(server);
  }

  /** The text of an executable file that stands for the command of its name. */
  get client(): string {
    return CLIENT.replace('PORT', String((this.#server.address() as AddressInfo).port));
  }

  close(): void {
    this.#server.close();
  }
}

async function answer(socket: Socket): Promise<void> {
  socket.on('error', () => undefined); // whoever asked may be gone
  const [directory = '', name = '', ...args] = await request(socket);
  const before = process.cwd();
  process.chdir(directory);
  try {
    const say: Listener = (stream, text) => {
      if (text !== '') socket.write(`${stream} ${Buffer.byteLength(text)}\n${text}`);
    };
    socket.end(`exit ${await run(name, args, say)}\n`);
  } finally {
    process.chdir(before);
  }
}

async function run(name: string, args: readonly string[], say: Listener): Promise<number> {
  if (name !== 'mirror-week') return runHeard(name as CommandName, args, say);
  await mirrorWeek(process.cwd(), Number(args[0]));
  return 0;
}

/** Number of arguments, directory, name, and arguments, each ended by NUL. @returns them without the number */
function request(socket: Socket): Promise<string[]> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const [count = '', ...fields] = text.split('\0').slice(0, -1);
      if (fields.length === Number(count) + 2) resolve(fields);
    });
  });
}
