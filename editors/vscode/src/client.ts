// The language client: what is sent to the server, and how long it takes to answer.
import * as vscode from 'vscode';
import { LanguageClient, LanguageClientOptions, RevealOutputChannelOn } from 'vscode-languageclient/node';
import { Command } from './finding';
import { StatusBar } from './statusBar';
import { selector, unwanted } from './wanted';

/** A client of the server `command`; `answered()` is called after each answer. */
export function makeClient(command: Command, log: vscode.LogOutputChannel, bar: StatusBar, answered: () => void): LanguageClient {
  const whenWanted = <Rest extends unknown[]>(document: vscode.TextDocument, next: (...rest: Rest) => Promise<void>, ...rest: Rest) =>
    unwanted(document) === undefined ? next(...rest) : Promise.resolve();
  const options: LanguageClientOptions = {
    documentSelector: selector,
    initializationOptions: () => settings(),
    synchronize: { configurationSection: 'rnncomplete' },
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
    middleware: {
      didOpen: (document, next) => whenWanted(document, next, document),
      didChange: (event, next) => whenWanted(event.document, next, event),
      didSave: (document, next) => whenWanted(document, next, document),
      didClose: (document, next) => whenWanted(document, next, document),
      provideInlineCompletionItems: async (document, position, context, token, next) => {
        const reason = unwanted(document);
        if (reason !== undefined) {
          bar.answered(0, reason);
          return undefined;
        }
        const began = performance.now();
        const answer = await next(document, position, context, token);
        if (!token.isCancellationRequested) {
          const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
          bar.answered(performance.now() - began, items.length > 0 ? '' : 'nothing is likely enough here');
          answered();
        }
        return answer;
      },
    },
  };
  return new LanguageClient('rnncomplete', 'rnncomplete', { command: command.program, args: command.args }, options);
}

export function settings(): Record<string, unknown> {
  const all = vscode.workspace.getConfiguration('rnncomplete');
  const names = ['style', 'styles', 'off', 'ignore', 'learn', 'alternatives', 'threshold'];
  return Object.fromEntries(names.map((name) => [name, all.get(name)]).filter(([, value]) => value !== null && value !== undefined));
}
