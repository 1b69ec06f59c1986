import Foundation
import MeshModel
import Testing

/// Edits under faults: what was said to be done is done once, what was not is not, and the journal knows.
@Suite struct FaultWriteTests {
  static let set = ["canary", "set", "reviews", "v1=70", "v2=30", "-n", "shop", "-y", "-o", "json"]
  static let object = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/reviews"
  static let real = #""method":"PATCH","target":"^(?!.*dryRun).*virtualservices/reviews""#
  private static let dry = #""method":"PATCH","target":"dryRun=All""#
  private static let denial =
    #"{"kind":"Status","status":"Failure","message":"admission webhook \"v\" denied the request: no","reason":"Forbidden","code":403}"#

  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var rules: String
    var code: Int32
    /// How often the object's generation moves by what we send.
    var bumps: Int
    var writes: Int
    var testDescription: String { name }

    init(_ name: String, _ rules: String, code: Int32, bumps: Int, writes: Int) {
      (self.name, self.rules, self.code, self.bumps, self.writes) = (name, "[{\(rules)}]", code, bumps, writes)
    }
  }

  static let rows: [Row] = [
    Row("no fault", #""method":"NONE","do":"pass""#, code: 0, bumps: 1, writes: 1),
    Row(
      "a webhook refuses the dry run", dry + #","do":"status","code":403,"body":\#(denial)"#, code: 3, bumps: 0,
      writes: 0),
    Row(
      "a webhook refuses the write", real + #","do":"status","code":403,"body":\#(denial)"#, code: 3, bumps: 0,
      writes: 1),
    Row("the answer is lost after the commit", real + #","do":"reset-after","times":1"#, code: 0, bumps: 1, writes: 1),
    Row("the answer is cut after the commit", real + #","do":"cut","times":1"#, code: 0, bumps: 1, writes: 1),
    Row("the request is lost before the commit", real + #","do":"reset","times":1"#, code: 0, bumps: 1, writes: 2),
    Row("every request is lost", real + #","do":"reset""#, code: 6, bumps: 0, writes: 2),
    Row("a gateway gives up", real + #","do":"status","code":504,"times":1"#, code: 0, bumps: 1, writes: 2),
    Row("the server fails", real + #","do":"status","code":500"#, code: 6, bumps: 0, writes: 2),
    Row("a redirect", real + #","do":"status","code":302,"headers":{"Location":"/x"}"#, code: 6, bumps: 0, writes: 1),
    Row(
      "somebody edits something else before the write",
      real
        + #","do":"edit","path":"\#(object)","times":1,"patch":[{"op":"add","path":"/metadata/annotations/a","value":"1"}]"#,
      code: 0, bumps: 1, writes: 2),
    Row(
      "somebody edits the same before the dry run",
      dry
        + #","do":"edit","path":"\#(object)","times":1,"patch":[{"op":"replace","path":"/spec/http/2/route/0/weight","value":55}]"#,
      code: 4, bumps: 1, writes: 0),
    Row(
      "somebody edits the same before the write",
      real
        + #","do":"edit","path":"\#(object)","times":1,"patch":[{"op":"replace","path":"/spec/http/2/route/0/weight","value":55}]"#,
      code: 4, bumps: 1, writes: 1),
    Row(
      "somebody puts a copy of the rule before it",
      real
        + #","do":"edit","path":"\#(object)","times":1,"patch":[{"op":"copy","from":"/spec/http/2","path":"/spec/http/2"}]"#,
      code: 4, bumps: 1, writes: 1),
  ]

  static func reviews(_ mesh: Laboratory) async throws -> JSONValue {
    let run = try await Invocation.meshdeck(
      ["get", "objects", "virtualservice", "-n", "shop", "-o", "json"],
      kubeconfig: mesh.announced["kubeconfig"]?.string)
    let items = try JSONValue(parsing: run.output)["items"]?.array ?? []
    return try #require(items.first { $0["metadata"]?["name"]?.string == "reviews" })
  }

  static func weights(_ object: JSONValue) -> [Int] {
    let rules = object["spec"]?["http"]?.array ?? []
    return rules.compactMap(\.["route"]?.array).first { $0.count > 1 }?.compactMap { $0["weight"]?.int } ?? []
  }

  @Test("An edit under a fault is done once or not at all, and says which", arguments: rows)
  func edits(row: Row) async throws {
    let mesh = try await Laboratory.mesh()
    let server = try await Laboratory.faulty(row.rules, before: mesh)
    let before = try await Self.reviews(mesh)
    let run = try await Invocation.meshdeck(Self.set, kubeconfig: server.kubeconfig)
    #expect(run.code == row.code, "\(run.error)")
    #expect(!run.holdsControlBytes || row.code == 0)
    let after = try await Self.reviews(mesh)
    let moved = (after["metadata"]?["generation"]?.int ?? 0) - (before["metadata"]?["generation"]?.int ?? 0)
    #expect(moved == row.bumps)
    #expect(server.writes.count == row.writes, "\(server.requests.suffix(8))")
    #expect((Self.weights(after) == [70, 30]) == (row.code == 0))
    if row.code == 0 {
      let undo = try await Invocation.meshdeck(["undo", "-y"], kubeconfig: server.kubeconfig, state: run.state)
      #expect(undo.code == 0, "\(undo.error)")
      #expect(Self.weights(try await Self.reviews(mesh)) == Self.weights(before))
    }
  }

  @Test("After a kill in the middle of a write, undo finds out what arrived and takes it back")
  func killed() async throws {
    let mesh = try await Laboratory.mesh()
    let server = try await Laboratory.faulty("[{\(Self.real),\"do\":\"hang-after\",\"times\":1}]", before: mesh)
    let run = try await Invocation.meshdeck(Self.set, kubeconfig: server.kubeconfig) { number in
      await server.awaitWrite()
      await Laboratory.wait(60) { (try? await Self.weights(Self.reviews(mesh))) == [70, 30] }
      kill(number, SIGKILL)
    }
    #expect(run.code == 137)
    let history = try await Invocation.meshdeck(["history"], kubeconfig: server.kubeconfig, state: run.state)
    #expect(history.output.contains("unknown"))
    let undo = try await Invocation.meshdeck(["undo", "-y"], kubeconfig: server.kubeconfig, state: run.state)
    #expect(undo.code == 0, "\(undo.error)")
    #expect(Self.weights(try await Self.reviews(mesh)) == [80, 20])
  }

  @Test("An interruption waits for the request under way and says that it was applied", arguments: [SIGINT, SIGTERM])
  func interrupted(number: Int32) async throws {
    let mesh = try await Laboratory.mesh()
    let told = try Program.temporaryFolder() + "/told"
    let server = try await Laboratory.faulty(
      "[{\(Self.real),\"do\":\"delay\",\"until\":\"\(told)\",\"seconds\":2,\"times\":1}]", before: mesh)
    let run = try await Invocation.meshdeck(Self.set, kubeconfig: server.kubeconfig) { process in
      await server.awaitWrite()
      kill(process, number)
      try? Data().write(to: URL(filePath: told))
    }
    #expect(run.code == 130)
    #expect(run.error.contains("meshdeck undo"), "\(run.error)")
    #expect(Self.weights(try await Self.reviews(mesh)) == [70, 30])
    #expect(run.journal.contains(#""event":"ended""#))
  }

  @Test("Nothing leaves when the journal cannot be written")
  func fullDisk() async throws {
    let mesh = try await Laboratory.mesh()
    let server = try await Laboratory.faulty("[]", before: mesh)
    let words = Self.set.joined(separator: " ")
    for shell in [
      "ulimit -f 0; \"$0\" \(words)", "export XDG_STATE_HOME=/proc/none; \"$0\" \(words)",
      "unset HOME XDG_STATE_HOME; \"$0\" \(words)",
    ] {
      // The limit of a file's size holds for the output too, so that goes through a pipe.
      let run = try await Invocation.meshdeck(
        [], kubeconfig: server.kubeconfig, shell: "(\(shell)) 2>&1 | cat; exit ${PIPESTATUS[0]}")
      #expect(run.code == 1, "\(run.output)")
      #expect(run.output.contains("journal") || run.output.contains("folder"), "\(run.output)")
    }
    #expect(server.writes.isEmpty)
  }

  @Test("In read-only mode no verb sends anything but reads and questions about oneself")
  func readOnly() async throws {
    let mesh = try await Laboratory.mesh()
    let server = try await Laboratory.faulty("[]", before: mesh)
    for arguments in [
      Self.set, Self.set + ["--dry-run", "server"], ["route", "delete", "reviews", "-n", "shop", "-y"],
      ["mtls", "set", "namespace/shop", "STRICT", "-y"], ["get", "splits", "-A"], ["planes", "check"],
    ] {
      let run = try await Invocation.meshdeck(arguments + ["--read-only"], kubeconfig: server.kubeconfig)
      #expect(run.code == (["get", "planes"].contains(arguments[0]) ? 0 : 3), "\(arguments): \(run.error)")
    }
    #expect(server.writes.isEmpty)
    #expect(!server.requests.contains { $0.target.contains("dryRun") })
  }
}
