// The item in the status bar: the style, and how long the last ghost took.
import * as vscode from 'vscode';

/** What the server says of one document. */
export interface DocumentStatus {
  uri: string;
  style: string;
  /** Why there is no ghost; '' if there is one. */
  why: string;
  /** What the style makes of the text, if it tells labels. */
  label?: { name: string; share: number } | null;
}

export type State = 'off' | 'missing' | 'starting' | 'running' | 'failed';

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('rnncomplete', vscode.StatusBarAlignment.Right, 100);
  private state: State = 'starting';
  private style = '';
  private milliseconds: number | undefined;
  private label = '';
  private reason = '';

  constructor() {
    this.item.name = 'rnncomplete';
    this.item.command = 'rnncomplete.showStatus';
    this.draw();
    this.item.show();
  }

  become(state: State, reason = ''): void {
    this.state = state;
    this.reason = reason;
    this.milliseconds = undefined;
    this.draw();
  }

  says(status: DocumentStatus): void {
    this.style = status.style;
    this.label = status.label ? ` ${status.label.name} ${Math.round(100 * status.label.share)} %` : '';
    this.reason = status.why;
    this.draw();
  }

  /** An answer came after so many milliseconds; or none was wanted, for a reason. */
  answered(milliseconds: number, reason = this.reason): void {
    this.milliseconds = milliseconds;
    this.reason = reason;
    this.draw();
  }

  dispose(): void {
    this.item.dispose();
  }

  private draw(): void {
    const words = {
      off: '$(circle-slash) ghosts off',
      missing: '$(warning) rnncomplete',
      failed: '$(error) rnncomplete',
      starting: '$(loading~spin) rnncomplete',
      running: `$(pencil) ${this.style || 'rnncomplete'}${this.label}`,
    };
    const time = this.state === 'running' && this.milliseconds !== undefined ? ` ${Math.max(1, Math.round(this.milliseconds))} ms` : '';
    this.item.text = words[this.state] + time;
    this.item.tooltip = `rnncomplete: ${this.reason || 'ghosts come while you type'}`;
    this.item.backgroundColor =
      this.state === 'missing' || this.state === 'failed' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  }
}
