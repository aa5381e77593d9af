// Starts the language server and puts what it says where people look.
import * as vscode from "vscode";
import { LanguageClient, State } from "vscode-languageclient/node";
import { currentUri, intercepted, registerCommands } from "./commands";
import { CoverageTests } from "./coverage";
import { type Status, statusNotification } from "./protocol";
import { RoundDocuments, RoundsView, SCHEME } from "./rounds";
import { findServer, type ServerCommand } from "./server";
import { StatusBar } from "./status";

const REMEDY =
  "Install it with `pipx install llm4cov-assist`, or name its command in the setting `llm4cov.server.command`.";

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("LLM4Cov", { log: true });
  const bar = new StatusBar();
  const start = async (): Promise<void> => {
    await session?.stop();
    session = undefined;
    bar.starting();
    const command = await findServer();
    if (command === undefined) {
      bar.failed("The language server was not found");
      const choice = await vscode.window.showErrorMessage(
        `The language server of LLM4Cov was not found. ${REMEDY}`,
        "Open the Setting",
        "Try Again",
      );
      if (choice === "Open the Setting") {
        await vscode.commands.executeCommand("workbench.action.openSettings", "llm4cov.server");
      } else if (choice === "Try Again") {
        await start();
      }
      return;
    }
    session = await Session.begin(command, output, bar);
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
  await session?.stop();
  session = undefined;
}

/** A running server with what shows it. */
class Session {
  private wasBusy = false;

  private constructor(
    private readonly client: LanguageClient,
    private readonly bar: StatusBar,
    private readonly rounds: RoundsView,
    private readonly tests: CoverageTests,
    private readonly parts: vscode.Disposable,
  ) {}

  static async begin(command: ServerCommand, output: vscode.LogOutputChannel, bar: StatusBar): Promise<Session> {
    const client = new LanguageClient(
      "llm4cov",
      "LLM4Cov",
      { command: command.command, args: command.args },
      {
        documentSelector: [
          { scheme: "file", language: "systemverilog" },
          { scheme: "file", language: "verilog" },
        ],
        outputChannel: output,
        middleware: { executeCommand: intercepted },
        synchronize: {
          configurationSection: "llm4cov",
          fileEvents: vscode.workspace.createFileSystemWatcher("**/{*.sv,*.v,*.svh,*.vh,*.f,llm4cov.toml,waivers.toml}"),
        },
      },
    );
    const rounds = new RoundsView(client, currentUri);
    const tests = new CoverageTests(client);
    const documents = vscode.workspace.registerTextDocumentContentProvider(SCHEME, new RoundDocuments(client));
    const started = new Session(client, bar, rounds, tests, vscode.Disposable.from(rounds, tests, documents));
    client.onNotification(statusNotification, (status) => started.take(status));
    client.onDidChangeState((change) => {
      void vscode.commands.executeCommand("setContext", "llm4cov.ready", change.newState === State.Running);
      if (change.newState === State.Stopped) {
        bar.failed("The language server has stopped; `LLM4Cov: Restart the Language Server` starts it again");
      }
    });
    await client.start();
    bar.ready();
    await Promise.all([started.refresh(), tests.discover()]);
    return started;
  }

  async refresh(): Promise<void> {
    await this.rounds.refresh();
  }

  private take(status: Status): void {
    this.bar.update(status);
    void vscode.commands.executeCommand("setContext", "llm4cov.busy", status.busy);
    if (!status.busy || status.busy !== this.wasBusy) {
      void this.refresh();
      if (this.wasBusy && !status.busy && status.score !== null) {
        void this.tests.publish(currentUri());
      }
    }
    this.wasBusy = status.busy;
  }

  async stop(): Promise<void> {
    this.parts.dispose();
    await this.client.dispose();
  }
}
