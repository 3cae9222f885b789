// The item in the status bar: the style, and how long the last ghost took.
import * as vscode from 'vscode';

export type State = 'off' | 'missing' | 'starting' | 'running' | 'failed';

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('rnncomplete', vscode.StatusBarAlignment.Right, 100);
  private state: State = 'starting';
  private style = '';
  private milliseconds: number | undefined;
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

  writes(style: string): void {
    this.style = style;
    this.draw();
  }

  /** An answer came after `milliseconds`; `reason` says why there is no ghost. */
  answered(milliseconds: number, reason: string): void {
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
      running: `$(pencil) ${this.style || 'rnncomplete'}`,
    };
    const time = this.state === 'running' && this.milliseconds !== undefined ? ` ${Math.max(1, Math.round(this.milliseconds))} ms` : '';
    this.item.text = words[this.state] + time;
    this.item.tooltip = `rnncomplete: ${this.reason || 'ghosts come while you type'}`;
    this.item.backgroundColor =
      this.state === 'missing' || this.state === 'failed' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  }
}
