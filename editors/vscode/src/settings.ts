// Settings. What an open folder brings along may switch off more than the user does, and switches nothing on again.
import * as vscode from 'vscode';

type Scope = vscode.ConfigurationScope | undefined;

/** The values of a setting wherever it is set, the default first. */
function said<T>(name: string, scope: Scope): T[] {
  const found = vscode.workspace.getConfiguration('rnncomplete', scope).inspect<T>(name);
  const values = [found?.defaultValue, found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue];
  return values.filter((value) => value !== undefined && value !== null) as T[];
}

/** What a list holds, wherever it is set. */
export function everySaid(name: 'off' | 'ignore', scope?: Scope): string[] {
  return [...new Set(said<string[]>(name, scope).flat())];
}

/** Whether something is switched off nowhere. */
export function isOn(name: 'enabled' | 'learn', scope?: Scope): boolean {
  return !said<boolean>(name, scope).includes(false);
}

/** What the server is told. */
export function settings(): Record<string, unknown> {
  const all = vscode.workspace.getConfiguration('rnncomplete');
  const plain = ['style', 'styles', 'alternatives', 'threshold'].map((name) => [name, all.get(name)]);
  const told = Object.fromEntries(plain.filter(([, value]) => value !== null && value !== undefined));
  return { ...told, off: everySaid('off'), ignore: everySaid('ignore'), learn: isOn('learn') };
}
