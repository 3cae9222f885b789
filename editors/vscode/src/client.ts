// The language client: what is sent to the server, and how long it takes to answer.
import * as vscode from 'vscode';
import { DidChangeConfigurationNotification, LanguageClient, LanguageClientOptions, RevealOutputChannelOn } from 'vscode-languageclient/node';
import { Command } from './finding';
import { settings } from './settings';
import { DocumentStatus, StatusBar } from './statusBar';
import { selector, unwanted } from './wanted';

/** A client of the server `command`. */
export function makeClient(command: Command, log: vscode.LogOutputChannel, bar: StatusBar): LanguageClient {
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
      workspace: {
        configuration: ({ items }) => items.map(({ section }) => (section === 'rnncomplete' ? settings() : null)),
        didChangeConfiguration: () => client.sendNotification(DidChangeConfigurationNotification.type, { settings: { rnncomplete: settings() } }),
      },
      provideInlineCompletionItems: async (document, position, context, token, next) => {
        const reason = unwanted(document);
        if (reason !== undefined) {
          bar.answered(0, reason);
          return undefined;
        }
        const began = performance.now();
        const answer = await next(document, position, context, token);
        if (!token.isCancellationRequested) {
          bar.answered(performance.now() - began);
        }
        return answer;
      },
    },
  };
  const client = new LanguageClient('rnncomplete', 'rnncomplete', { command: command.program, args: command.args }, options);
  client.registerFeature({
    fillClientCapabilities: (capabilities) => {
      capabilities.experimental = { ...capabilities.experimental, rnncompleteStatus: true };
    },
    initialize: () => undefined,
    getState: () => ({ kind: 'static' }),
    clear: () => undefined,
  });
  client.onNotification('rnncomplete/status', (status: DocumentStatus) => {
    if (status.uri === vscode.window.activeTextEditor?.document.uri.toString()) {
      bar.says(status);
    }
  });
  return client;
}
