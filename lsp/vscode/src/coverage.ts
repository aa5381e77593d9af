// The engine's coverage in VS Code's own: percentages in the Explorer, gutters in the editor.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { coverageRequest, type FileCoverage, serverCommand } from "./protocol";

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
  }

  async discover(): Promise<void> {
    const files = await vscode.workspace.findFiles(
      "**/{*_tb,tb_*,*_test,test_*,tb}.{sv,v}",
      "**/{node_modules,.venv,obj_dir}/**",
    );
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
    const items = request.include ?? [...this.controller.items].map(([, item]) => item);
    token.onCancellationRequested(() =>
      vscode.commands.executeCommand(serverCommand.stop, { uri: items[0]?.uri?.toString() }),
    );
    for (const item of items) {
      if (token.isCancellationRequested) {
        run.skipped(item);
        continue;
      }
      await this.runOne(run, item);
    }
    run.end();
  }

  private async runOne(run: vscode.TestRun, item: vscode.TestItem): Promise<void> {
    const uri = item.uri?.toString();
    const began = Date.now();
    run.started(item);
    try {
      const answer = await vscode.commands.executeCommand<{ status: string; score: number; log: string } | null>(
        serverCommand.run,
        { uri },
      );
      const seconds = Date.now() - began;
      if (answer?.status === "success") {
        run.passed(item, seconds);
      } else {
        run.failed(item, new vscode.TestMessage(answer?.log || answer?.status || "stopped"), seconds);
      }
      run.appendOutput(`${item.label}: ${answer?.status ?? "stopped"} ${answer?.score.toFixed(1) ?? ""} %\r\n`);
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
    this.controller.dispose();
  }
}
