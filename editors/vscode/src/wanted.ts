// Which documents the server hears of at all.
import * as vscode from 'vscode';
import { everySaid } from './settings';

const SCHEMES = ['file', 'untitled', 'vscode-notebook-cell', 'vscode-scm', 'vscode-remote'];

export const selector = SCHEMES.map((scheme) => ({ scheme }));

/** Why a document is left alone; undefined if it is not. */
export function unwanted(document: vscode.TextDocument): string | undefined {
  if (everySaid('off', document).includes(document.languageId)) {
    return `${document.languageId} is among the languages that are off`;
  }
  for (const pattern of everySaid('ignore', document)) {
    const anywhere = pattern.startsWith('/') || pattern.startsWith('**/') ? pattern : `**/${pattern}`;
    if (vscode.languages.match({ pattern: anywhere }, document) > 0) {
      return `the file matches ${pattern}, which is ignored`;
    }
  }
  if (!SCHEMES.includes(document.uri.scheme)) {
    return 'this is not a text that is edited';
  }
  return undefined;
}
