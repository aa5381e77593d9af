// What the server is at, as a notification with a button that stops it: the client library alone would show it in the
// status bar, where nothing can be stopped.
import * as vscode from "vscode";
import {
  type LanguageClient,
  type ProgressToken,
  WorkDoneProgressCancelNotification,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";

interface Shown {
  percentage: number;
  report(value: { message?: string; increment?: number }): void;
  end(): void;
}

export class ProgressNotifications implements vscode.Disposable {
  private readonly shown = new Map<ProgressToken, Shown>();

  /** Set when it is there: the client wants to know of this before it is made. */
  client: LanguageClient | undefined;

  /** Middleware of the client: takes every progress for itself. */
  readonly take = (
    token: ProgressToken,
    value: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd,
  ): void => {
    if (value.kind === "begin") {
      this.begin(token, value);
    } else if (value.kind === "report") {
      this.report(token, value);
    } else {
      this.end(token);
    }
  };

  private begin(token: ProgressToken, value: WorkDoneProgressBegin): void {
    const options = { location: vscode.ProgressLocation.Notification, title: value.title, cancellable: true };
    void vscode.window.withProgress(options, (progress, cancelled) => {
      cancelled.onCancellationRequested(() => {
        progress.report({ message: "stopping ..." });
        void this.client?.sendNotification(WorkDoneProgressCancelNotification.type, { token });
      });
      return new Promise<void>((resolve) => {
        this.shown.set(token, { percentage: 0, report: (each) => progress.report(each), end: resolve });
      });
    });
  }

  private report(token: ProgressToken, value: WorkDoneProgressReport): void {
    const shown = this.shown.get(token);
    if (shown === undefined) {
      return;
    }
    const increment = Math.max(0, (value.percentage ?? 0) - shown.percentage);
    shown.percentage += increment;
    shown.report(value.message === undefined ? { increment } : { message: value.message, increment });
  }

  private end(token: ProgressToken): void {
    this.shown.get(token)?.end();
    this.shown.delete(token);
  }

  /** Take away what is still shown: nobody is left to end it. */
  clear(): void {
    for (const token of [...this.shown.keys()]) {
      this.end(token);
    }
  }

  dispose(): void {
    this.clear();
  }
}
