// Installing the server, after the user has seen the commands and agreed.
import * as vscode from 'vscode';
import { installation, installers, run } from './finding';

/** Whether something was installed. */
export async function install(environment: string, log: vscode.LogOutputChannel): Promise<boolean> {
  const settings = vscode.workspace.getConfiguration('rnncomplete');
  const what =
    settings.get<string>('package') ||
    (await vscode.window.showInputBox({
      title: 'rnncomplete: install the server',
      prompt: 'The folder of the repository, a wheel, or a name in your package index',
      ignoreFocusOut: true,
    }));
  if (!what) {
    return false;
  }
  const commands = installation(await installers(), what, environment);
  if (commands.length === 0) {
    vscode.window.showErrorMessage('rnncomplete: neither uv nor pipx nor Python 3.11 or later is in PATH; install one of them, then try again.');
    return false;
  }
  const written = commands.map((command) => command.join(' ')).join('\n');
  const choice = await vscode.window.showInformationMessage('Install the server of rnncomplete?', { modal: true, detail: written }, 'Install');
  if (choice !== 'Install') {
    return false;
  }
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: 'rnncomplete: installing' }, async (progress) => {
    for (const [program, ...args] of commands) {
      progress.report({ message: [program, ...args].join(' ') });
      const { output, failure } = await run(program, args, 900_000);
      log.info([program, ...args].join(' '), output ?? '', failure ?? '');
      if (failure) {
        vscode.window.showErrorMessage(`rnncomplete: ${program} failed: ${failure}`);
        return false;
      }
    }
    return true;
  });
}
