// Ghost text by rnncomplete: finds the server, runs it, and gives it commands.
import * as vscode from 'vscode';
import { LanguageClient, State } from 'vscode-languageclient/node';
import { makeClient } from './client';
import { findServer } from './finding';
import { install } from './install';
import { isOn } from './settings';
import { DocumentStatus, StatusBar } from './statusBar';
import { unwanted } from './wanted';

let client: LanguageClient | undefined;
let work: Promise<void> = Promise.resolve();

/** One start or stop after another. */
function inTurn(step: () => Promise<void>): Promise<void> {
  work = work.then(step, step);
  return work;
}

async function stop(): Promise<void> {
  const old = client;
  client = undefined;
  void vscode.commands.executeCommand('setContext', 'rnncomplete.running', false);
  await old?.dispose().catch(() => undefined);
}

async function start(environment: string, log: vscode.LogOutputChannel, bar: StatusBar): Promise<void> {
  const chosen = vscode.workspace.getConfiguration('rnncomplete');
  if (!isOn('enabled')) {
    bar.become('off', 'ghosts are off; the server does not run');
    return;
  }
  bar.become('starting', 'the server starts');
  const { command, missing } = await findServer(chosen.get<string[]>('command', []), environment);
  if (!command) {
    bar.become('missing', missing);
    void vscode.window.showWarningMessage(`rnncomplete: ${missing}`, 'Install…').then((choice) => {
      if (choice) {
        void vscode.commands.executeCommand('rnncomplete.installServer');
      }
    });
    return;
  }
  client = makeClient(command, log, bar);
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Stopped && client) {
      bar.become('failed', 'the server ended; the log says more');
    }
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const said = error instanceof Error ? error.message.split('\n')[0] : String(error);
    bar.become('failed', said);
    void vscode.window.showErrorMessage(`rnncomplete: ${command.program} did not start: ${said}`);
    return;
  }
  bar.become('running');
  void vscode.commands.executeCommand('setContext', 'rnncomplete.running', true);
  await showStyle(bar);
}

/** Run a command of the server. */
async function ask(command: string, ...args: unknown[]): Promise<Status | undefined> {
  if (!client?.isRunning()) {
    vscode.window.showWarningMessage('rnncomplete: the server does not run; `rnncomplete: Status` says why.');
    return undefined;
  }
  try {
    return await client.sendRequest('workspace/executeCommand', { command, arguments: args });
  } catch (error) {
    vscode.window.showErrorMessage(`rnncomplete: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** What the server's commands answer. */
interface Status {
  summary?: string;
  problem?: string;
  styles?: string[];
  document?: DocumentStatus;
}

/** Tell the user what a command has led to. */
function tell(answer: Status | undefined): void {
  if (answer?.problem) {
    vscode.window.showErrorMessage(`rnncomplete: ${answer.problem}`);
  } else if (answer) {
    vscode.window.showInformationMessage(`rnncomplete: ${answer.summary ?? 'done'}`);
  }
}

/** Ask for the style of the file in front; while somebody writes there, the server says it by itself. */
async function showStyle(bar: StatusBar): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document || !client?.isRunning() || unwanted(document) !== undefined) {
    return;
  }
  const request = { command: 'rnncomplete.status', arguments: [document.uri.toString()] };
  const answer = await client.sendRequest<Status | null>('workspace/executeCommand', request).catch(() => null);
  if (answer?.document) {
    bar.says(answer.document);
  }
}

async function chooseStyle(): Promise<void> {
  const answer = await ask('rnncomplete.status');
  if (!answer) {
    return;
  }
  const style = await vscode.window.showQuickPick(['auto', ...(answer.styles ?? [])], { title: 'rnncomplete: a style to write in' });
  if (style) {
    await vscode.workspace.getConfiguration('rnncomplete').update('style', style, vscode.ConfigurationTarget.Global);
  }
}

async function showStatus(bar: StatusBar): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const reason = document && unwanted(document);
  if (reason) {
    vscode.window.showInformationMessage(`rnncomplete: ${reason}`);
  } else if (!isOn('enabled')) {
    vscode.window.showInformationMessage('rnncomplete: ghosts are off; `rnncomplete: Ghosts On or Off` turns them on.');
  } else if (vscode.workspace.getConfiguration('editor', document).get('inlineSuggest.enabled') === false) {
    vscode.window.showInformationMessage('rnncomplete: `editor.inlineSuggest.enabled` is off, so VS Code asks for no ghosts.');
  } else {
    tell(await ask('rnncomplete.status', document?.uri.toString()));
    await showStyle(bar);
  }
}

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('rnncomplete', { log: true });
  const bar = new StatusBar();
  const environment = vscode.Uri.joinPath(context.globalStorageUri, 'environment').fsPath;
  const restart = () => inTurn(async () => {
    await stop();
    await start(environment, log, bar);
  });
  const commands: Record<string, () => unknown> = {
    chooseStyle,
    learnProject: async () => tell(await ask('rnncomplete.learn')),
    forgetLearned: async () => tell(await ask('rnncomplete.forget')),
    toggleGhosts: async () => {
      const on = !isOn('enabled');
      await vscode.workspace.getConfiguration('rnncomplete').update('enabled', on, vscode.ConfigurationTarget.Global);
      if (on && !isOn('enabled')) {
        vscode.window.showInformationMessage('rnncomplete: the settings of this folder switch ghosts off.');
      }
    },
    showStatus: () => showStatus(bar),
    restartServer: restart,
    installServer: async () => {
      if (await install(environment, log)) {
        await restart();
      }
    },
    showLog: () => log.show(),
  };
  context.subscriptions.push(
    log,
    bar,
    ...Object.entries(commands).map(([name, call]) => vscode.commands.registerCommand(`rnncomplete.${name}`, call)),
    vscode.window.onDidChangeActiveTextEditor(() => showStyle(bar)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      // What decides which documents the server hears of begins anew; the rest it is told.
      if (['enabled', 'command', 'off', 'ignore'].some((name) => event.affectsConfiguration(`rnncomplete.${name}`))) {
        void restart();
      } else if (event.affectsConfiguration('rnncomplete')) {
        void showStyle(bar);
      }
    }),
  );
  void restart();
}

export function deactivate(): Promise<void> {
  return inTurn(stop);
}
