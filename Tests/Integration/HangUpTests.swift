import Foundation
import MeshModel
import Testing

/// A terminal that goes away while a plan waits to be confirmed: what nobody confirmed is taken back, however long it takes.
extension FaultWriteTests {
  /// A mesh whose second write, which takes the first one back, takes some seconds from the moment a file is there.
  private static func slow(_ seconds: Int, until file: String, before mesh: Laboratory) async throws -> Laboratory {
    try await Laboratory.faulty(
      "[{\(real),\"do\":\"delay\",\"until\":\"\(file)\",\"seconds\":\(seconds),\"after\":1}]", before: mesh)
  }

  @Test("A hang-up that comes from the terminal and from its shell is no impatience")
  func hungUpTwice() async throws {
    let mesh = try await Laboratory.mesh()
    let told = try Program.temporaryFolder() + "/told"
    let server = try await Self.slow(1, until: told, before: mesh)
    let before = try await Self.weights(Self.reviews(mesh))
    let run = try await Invocation.meshdeck(Self.set + ["--confirm", "5m"], kubeconfig: server.kubeconfig) { process in
      await Laboratory.wait(60) { (try? await Self.weights(Self.reviews(mesh))) == [70, 30] }
      kill(process, SIGHUP)
      await Laboratory.wait(60) { server.writes.count > 1 }
      kill(process, SIGHUP)
      try? Data().write(to: URL(filePath: told))
    }
    #expect(run.code == 130, "\(run.error)")
    #expect(run.journal.contains(#""result":"undone""#), "it is taken back, and the journal knows")
    #expect(Self.weights(try await Self.reviews(mesh)) == before)
  }

  @Test("A command that waits for a confirmation is not stopped by Ctrl-Z, and takes back in time")
  func notStopped() async throws {
    let mesh = try await Laboratory.mesh()
    let before = try await Self.weights(Self.reviews(mesh))
    let server = try await Laboratory.faulty("[]", before: mesh)
    let run = try await Invocation.meshdeck(Self.set + ["--confirm", "2s"], kubeconfig: server.kubeconfig) { process in
      await Laboratory.wait(20) { (try? await Self.weights(Self.reviews(mesh))) == [70, 30] }
      kill(process, SIGTSTP)
    }
    #expect(run.code == 7, "\(run.error)")
    #expect(Self.weights(try await Self.reviews(mesh)) == before)
  }

  @Test("The dashboard takes back on a hang-up though that takes longer than its end usually may")
  func dashboardHungUp() async throws {
    let mesh = try await Laboratory.mesh()
    let told = try Program.temporaryFolder() + "/told"
    let server = try await Self.slow(5, until: told, before: mesh)
    let before = try await Self.weights(Self.reviews(mesh))
    let tool = try Tool(kubeconfig: server.kubeconfig)
    let terminal = try await Terminal(tool)
    defer { terminal.close() }
    let process = try await terminal.start()
    func isRehearsed() -> Bool {
      server.requests.contains { $0.method == "PATCH" && $0.target.contains("dryRun=All") }
    }
    // The dashboard may not have read the mesh yet: what it refuses is typed again, once Escape closed the sheet.
    for _ in 0..<40 where !isRehearsed() {
      terminal.type("\u{1B}")
      try await Task.sleep(for: .milliseconds(300))
      terminal.type(":canary set shop/reviews v1=70 v2=30\r")
      await Laboratory.wait(3) { isRehearsed() }
    }
    terminal.type("c")
    // The sheet takes Enter once it has the server's answer.
    for _ in 0..<240 where server.writes.isEmpty {
      terminal.type("\r")
      await Laboratory.wait(0.5) { !server.writes.isEmpty }
    }
    await Laboratory.wait(60) { (try? await Self.weights(Self.reviews(mesh))) == [70, 30] }
    terminal.forget()
    #expect(kill(process, SIGTSTP) == 0)
    try await terminal.wait(for: "the reason not to stop") { $0.contains("could not take it back") }
    terminal.forget()
    #expect(kill(process, SIGHUP) == 0)
    await Laboratory.wait(60) { server.writes.count > 1 }
    _ = kill(process, SIGHUP)
    try? Data().write(to: URL(filePath: told))
    #expect(try await terminal.ended() == 128 + Int(SIGHUP))
    let journal = try String(contentsOfFile: tool.home + "/state/meshdeck/journal.jsonl", encoding: .utf8)
    #expect(journal.contains(#""result":"undone""#), "\(journal.suffix(300))")
    #expect(Self.weights(try await Self.reviews(mesh)) == before)
  }
}
