// The engine's coverage in VS Code's own: percentages in the Explorer, gutters in the editor.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { coverageRequest, type FileCoverage, serverCommand } from "./protocol";

/** What the command `run` answers; a stopped one has a status only. */
interface RunAnswer {
  status: string;
  score?: number;
  log?: string;
}

const TESTBENCHES = "**/{*_tb,tb_*,*_tb_*,tb,*_test,test_*,testbench,*_testbench,testbench_*}.{sv,v}";

class EngineCoverage extends vscode.FileCoverage {
  constructor(readonly file: FileCoverage) {
    super(
      vscode.Uri.parse(file.uri),
      new vscode.TestCoverageCount(file.lines.covered, file.lines.total),
      file.branches.total ? new vscode.TestCoverageCount(file.branches.covered, file.branches.total) : undefined,
    );
  }

  details(): vscode.StatementCoverage[] {
    return this.file.details.map((line) => {
      const branches = line.branches.map(
        (branch) =>
          new vscode.BranchCoverage(branch.hits, new vscode.Position(branch.line, branch.character), branch.label),
      );
      return new vscode.StatementCoverage(line.hits, new vscode.Position(line.line, 0), branches);
    });
  }
}

/** A test per testbench file, with one profile: run it with coverage. */
export class CoverageTests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController("llm4cov", "LLM4Cov testbenches");

  private readonly watcher = vscode.workspace.createFileSystemWatcher(TESTBENCHES, false, true, false);

  private readonly profile: vscode.TestRunProfile;

  constructor(private readonly client: LanguageClient) {
    this.profile = this.controller.createRunProfile(
      "Run with coverage",
      vscode.TestRunProfileKind.Coverage,
      (request, token) => this.run(request, token),
      true,
    );
    this.profile.loadDetailedCoverage = async (_run, coverage) =>
      coverage instanceof EngineCoverage ? coverage.details() : [];
    this.controller.resolveHandler = () => this.discover();
    this.controller.refreshHandler = () => this.discover();
    this.watcher.onDidCreate(() => this.discover());
    this.watcher.onDidDelete(() => this.discover());
  }

  async discover(): Promise<void> {
    const files = await vscode.workspace.findFiles(TESTBENCHES, "**/{node_modules,.venv,obj_dir,.llm4cov}/**");
    this.controller.items.replace(
      files.map((uri) => this.controller.createTestItem(uri.toString(), vscode.workspace.asRelativePath(uri), uri)),
    );
  }

  /** Show the coverage there is, without running anything. */
  async publish(uri: string | undefined): Promise<void> {
    // The profile is asked for what is behind the percentages.
    const request = new vscode.TestRunRequest([], undefined, this.profile);
    const run = this.controller.createTestRun(request, "coverage", false);
    try {
      await this.add(run, uri);
    } finally {
      run.end();
    }
  }

  private async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request);
    const wanted = request.include ?? [...this.controller.items].map(([, item]) => item);
    const items = wanted.filter((item) => !request.exclude?.includes(item));
    const cancelling = token.onCancellationRequested(() =>
      vscode.commands.executeCommand(serverCommand.stop, { uri: items[0]?.uri?.toString() }),
    );
    try {
      for (const item of items) {
        if (token.isCancellationRequested) {
          run.skipped(item);
        } else {
          await this.runOne(run, item);
        }
      }
    } finally {
      cancelling.dispose();
      run.end();
    }
  }

  private async runOne(run: vscode.TestRun, item: vscode.TestItem): Promise<void> {
    const uri = item.uri?.toString();
    const began = Date.now();
    run.started(item);
    try {
      const answer = await vscode.commands.executeCommand<RunAnswer | null>(serverCommand.run, { uri });
      const milliseconds = Date.now() - began;
      const status = answer?.status.replaceAll("_", " ") ?? "not run; the message says why";
      if (answer?.status === "success") {
        run.passed(item, milliseconds);
      } else if (answer?.status === "stopped") {
        run.skipped(item);
      } else {
        run.failed(item, new vscode.TestMessage(answer?.log || status), milliseconds);
      }
      const score = answer?.score === undefined ? "" : ` ${answer.score.toFixed(1)} %`;
      const said = `${item.label}: ${status}${score}\n${answer?.log ?? ""}\n`;
      run.appendOutput(said.replace(/\r?\n/g, "\r\n"), undefined, item);
      await this.add(run, uri);
    } catch (error) {
      run.errored(item, new vscode.TestMessage(String(error)), Date.now() - began);
    }
  }

  private async add(run: vscode.TestRun, uri: string | undefined): Promise<void> {
    const answer = await this.client.sendRequest(coverageRequest, { uri });
    for (const file of answer.files) {
      run.addCoverage(new EngineCoverage(file));
    }
  }

  dispose(): void {
    this.watcher.dispose();
    this.controller.dispose();
  }
}
