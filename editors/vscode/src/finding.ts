// Where the server is, and how it could be installed. Knows nothing of VS Code.
import { execFile } from 'node:child_process';
import * as os from 'node:os';
import * as path from 'node:path';

export interface Command {
  program: string;
  args: string[];
}

export interface Found {
  command?: Command;
  /** One line for the user if there is no command. */
  missing?: string;
}

const windows = process.platform === 'win32';

/** Run a program; its output, or why it failed in one line. */
export function run(program: string, args: string[], milliseconds = 20_000): Promise<{ output?: string; failure?: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: milliseconds, windowsHide: true }, (error, stdout, stderr) => {
      if (!error) {
        resolve({ output: stdout.trim() });
      } else if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        resolve({ failure: `${program} is not there` });
      } else {
        resolve({ failure: stderr.trim().split('\n').pop() || error.message });
      }
    });
  });
}

export function inEnvironment(environment: string): string {
  return windows ? path.join(environment, 'Scripts', 'rnncomplete.exe') : path.join(environment, 'bin', 'rnncomplete');
}

/** The first program that is there and has a language server. */
export async function findServer(chosen: string[], environment: string): Promise<Found> {
  if (chosen.length > 0) {
    return { command: { program: chosen[0], args: chosen.slice(1) } };
  }
  const installed = path.join(os.homedir(), '.local', 'bin', windows ? 'rnncomplete.exe' : 'rnncomplete');
  let old: string | undefined;
  for (const program of ['rnncomplete', installed, inEnvironment(environment)]) {
    const { failure } = await run(program, ['lsp', '--help']);
    if (!failure) {
      return { command: { program, args: ['lsp'] } };
    }
    if (!failure.endsWith('is not there')) {
      old = `${program} has no language server: ${failure}`;
    }
  }
  return { missing: old ?? 'rnncomplete is not installed: no such program in PATH, in ~/.local/bin or in the extension' };
}

/** The commands that install `what`, a folder, a wheel or a name: by uv, else by pipx, else into `environment`. */
export function installation(has: { uv: boolean; pipx: boolean; python?: string }, what: string, environment: string): string[][] {
  const wanted = what.includes('[') ? what : `${what}[lsp]`;
  if (has.uv) {
    return [['uv', 'tool', 'install', '--force', wanted]];
  }
  if (has.pipx) {
    return [['pipx', 'install', '--force', wanted]];
  }
  if (has.python) {
    const python = windows ? path.join(environment, 'Scripts', 'python.exe') : path.join(environment, 'bin', 'python');
    return [
      [has.python, '-m', 'venv', environment],
      [python, '-m', 'pip', 'install', '--upgrade', wanted],
    ];
  }
  return [];
}

/** What of uv, pipx and Python 3.11 or later is there. */
export async function installers(): Promise<{ uv: boolean; pipx: boolean; python?: string }> {
  const there = async (program: string) => (await run(program, ['--version'])).failure === undefined;
  let python: string | undefined;
  for (const program of ['python3', 'python', 'python3.13', 'python3.12', 'python3.11']) {
    const recent = await run(program, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 11))']);
    if (!recent.failure) {
      python = program;
      break;
    }
  }
  return { uv: await there('uv'), pipx: await there('pipx'), python };
}
