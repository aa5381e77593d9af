// Starts the language server and puts what it says where people look.
import * as vscode from "vscode";
import { CloseAction, ErrorAction, type ErrorHandler, LanguageClient, State } from "vscode-languageclient/node";
import { currentUri, intercepted, registerCommands } from "./commands";
import { CoverageTests } from "./coverage";
import { ProgressNotifications } from "./progress";
import { type Status, statusNotification } from "./protocol";
import { RoundDocuments, RoundsView, SCHEME } from "./rounds";
import { findServer, type ServerCommand } from "./server";
import { StatusBar } from "./status";

const REMEDY =
  "Install it with `pipx install llm4cov-assist`, or name its command in the setting `llm4cov.server.command`.";
const RESTARTS = 4;
const RESTART_MILLISECONDS = 180_000;

let session: Session | undefined;

/** Beginnings and ends of the server, one after the other. */
let turn: Promise<void> = Promise.resolve();

export function activate(context: vscode.ExtensionContext): void {
  const output = vscode.window.createOutputChannel("LLM4Cov", { log: true });
  const bar = new StatusBar();
  const start = (): Promise<void> => {
    turn = turn.then(() => restart(output, bar)).catch((error: unknown) => output.error(String(error)));
    return turn;
  };
  context.subscriptions.push(
    output,
    bar,
    registerCommands(),
    vscode.commands.registerCommand("llm4cov.restartServer", start),
    vscode.commands.registerCommand("llm4cov.showOutput", () => output.show()),
    vscode.commands.registerCommand("llm4cov.refreshRounds", () => session?.refresh()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("llm4cov.server")) {
        void start();
      }
    }),
  );
  // The first window appears before a Python interpreter has started.
  void start();
}

export async function deactivate(): Promise<void> {
  await turn;
  await session?.stop();
  session = undefined;
}

async function restart(output: vscode.LogOutputChannel, bar: StatusBar): Promise<void> {
  await session?.stop();
  session = undefined;
  bar.starting();
  const command = await findServer();
  if (command === undefined) {
    bar.failed("The language server was not found");
    complain(`The language server of LLM4Cov was not found. ${REMEDY}`);
    return;
  }
  output.info(`Starting ${[command.command, ...command.args].join(" ")}`);
  const begun = new Session(command, output, bar);
  session = begun;
  try {
    await begun.start();
  } catch (error) {
    output.error(String(error));
    bar.failed("The language server could not be started");
    complain(`The language server of LLM4Cov could not be started: ${String(error)}`);
  }
}

/** Say what is wrong, with what a person can do about it; nothing waits for the answer. */
function complain(message: string): void {
  const offered = { "Open the Setting": openSettings, "Try Again": tryAgain, "Show the Log": showLog };
  void vscode.window.showErrorMessage(message, ...Object.keys(offered)).then((choice) => {
    return choice === undefined ? undefined : offered[choice as keyof typeof offered]();
  });
}

const openSettings = () => vscode.commands.executeCommand("workbench.action.openSettings", "llm4cov.server");
const tryAgain = () => vscode.commands.executeCommand("llm4cov.restartServer");
const showLog = () => vscode.commands.executeCommand("llm4cov.showOutput");

/** Starts a server that has died again and says so; one that dies again and again stays dead. */
class Restarting implements ErrorHandler {
  private readonly deaths: number[] = [];

  error() {
    return { action: ErrorAction.Continue };
  }

  closed() {
    const now = Date.now();
    this.deaths.push(now);
    const recent = this.deaths.filter((each) => now - each < RESTART_MILLISECONDS).length;
    if (recent > RESTARTS) {
      complain("The language server of LLM4Cov has stopped several times in a row.");
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    void vscode.window.showWarningMessage(
      "The language server of LLM4Cov has stopped and is started again. Rounds that were under way have ended; " +
        "those that were finished are kept.",
    );
    return { action: CloseAction.Restart, handled: true };
  }
}

/** A running server with what shows it. */
class Session {
  private wasBusy = false;

  private isStopping = false;

  private readonly client: LanguageClient;

  private readonly rounds: RoundsView;

  private readonly tests: CoverageTests;

  private readonly progress = new ProgressNotifications();

  private readonly parts: vscode.Disposable;

  constructor(
    command: ServerCommand,
    output: vscode.LogOutputChannel,
    private readonly bar: StatusBar,
  ) {
    this.client = new LanguageClient(
      "llm4cov",
      "LLM4Cov",
      { command: command.command, args: command.args },
      {
        documentSelector: [
          { scheme: "file", language: "systemverilog" },
          { scheme: "file", language: "verilog" },
        ],
        outputChannel: output,
        middleware: { executeCommand: intercepted, handleWorkDoneProgress: this.progress.take },
        errorHandler: new Restarting(),
      },
    );
    this.progress.client = this.client;
    this.rounds = new RoundsView(this.client, currentUri);
    this.tests = new CoverageTests(this.client);
    this.parts = vscode.Disposable.from(
      this.rounds,
      this.tests,
      this.progress,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, new RoundDocuments(this.client)),
      this.client.onNotification(statusNotification, (status) => this.take(status)),
      this.client.onDidChangeState((change) => this.changed(change.newState)),
    );
  }

  async start(): Promise<void> {
    await this.client.start();
  }

  async refresh(): Promise<void> {
    if (this.client.isRunning()) {
      await this.rounds.refresh();
    }
  }

  private changed(state: State): void {
    void vscode.commands.executeCommand("setContext", "llm4cov.ready", state === State.Running);
    if (state === State.Running) {
      this.bar.ready();
      void Promise.all([this.refresh(), this.tests.discover()]);
      return;
    }
    // Whatever was under way has ended with it.
    this.wasBusy = false;
    void vscode.commands.executeCommand("setContext", "llm4cov.busy", false);
    this.progress.clear();
    if (state === State.Stopped && !this.isStopping) {
      this.bar.failed("The language server has stopped; `LLM4Cov: Restart the Language Server` starts it again");
    }
  }

  private take(status: Status): void {
    this.bar.update(status);
    void vscode.commands.executeCommand("setContext", "llm4cov.busy", status.busy);
    if (!status.busy || status.busy !== this.wasBusy) {
      void this.refresh();
      if (this.wasBusy && !status.busy && status.score !== null) {
        void this.tests.publish(status.uri);
      }
    }
    this.wasBusy = status.busy;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.parts.dispose();
    // One that never came up has nothing to end.
    await this.client.dispose().catch(() => undefined);
  }
}
