import Foundation
import MeshModel
import Testing

/// The command line against servers, files and surroundings that misbehave: one message, the exit code as specified,
/// nothing raw on the terminal. The rows are those of the fault table of the design.
@Suite struct FaultTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var rules: String
    var code: Int32
    var says: String
    /// How long the command may take: longer than any wrong answer does, but for one that never comes.
    var patience: String
    var testDescription: String { name }

    init(_ name: String, _ rules: String, _ code: Int32, _ says: String, patience: String = "180s") {
      (self.name, self.rules, self.code, self.says, self.patience) = (name, rules, code, says, patience)
    }
  }

  private static func status(_ code: Int, _ body: String = "", _ headers: String = "") -> String {
    let text = JSONWriter.text(.string(body))
    return #"[{"target":"virtualservices","do":"status","code":\#(code),"headers":{\#(headers)},"body":\#(text)}]"#
  }

  static let answers: [Row] = [
    Row("401", status(401), 5, "log in"),
    Row("403", status(403, #"{"kind":"Status","message":"forbidden \u001b[31m\u009b"}"#), 5, #"forbidden ^[[31m\x9b"#),
    Row("404", status(404, "404 page not found"), 2, "404 page not found"),
    Row("409", status(409), 6, "try again"),
    Row("410", status(410), 6, "try again"),
    Row("422", status(422), 6, "HTTP 422"),
    Row("429 that asks for years", status(429, "", #""Retry-After":"99999999""#), 6, "wait", patience: "15s"),
    Row("429 with nonsense", status(429, "", #""Retry-After":"abc""#), 6, "busy"),
    Row("500 with an escape sequence", status(500, "oops\u{1b}[2J"), 6, "oops^[[2J"),
    Row("502 of a gateway", status(502, "<html>Bad\u{1b}]52;c;AA\u{7}</html>"), 6, "gateway"),
    Row("503", status(503), 6, "HTTP 503"),
    Row("a redirect", status(302, "", #""Location":"http://evil.example/""#), 6, "not followed"),
    Row("a login page", status(200, "<html>Login</html>", #""Content-Type":"text/html""#), 6, "login page"),
    Row("nothing", status(200), 6, "an empty answer"),
    Row("a list for an object", status(200, "[1]"), 6, "expected an object"),
    Row("another kind", status(200, #"{"kind":"PodList","items":[{"metadata":{"name":"x"}}]}"#), 6, "PodList"),
    Row("garbage", status(200, #"{"kind": "#), 6, "JSON"),
    Row("cut short", #"[{"target":"virtualservices","do":"cut"}]"#, 6, "inside the answer"),
    Row("reset in the middle", #"[{"target":"virtualservices","do":"cut","how":"reset"}]"#, 6, "inside the answer"),
    Row("reset at once", #"[{"target":"virtualservices","do":"reset"}]"#, 6, "before an answer"),
    Row("not HTTP", #"[{"target":"virtualservices","do":"raw","text":"SSH-2.0\r\n"}]"#, 6, "not HTTP"),
    Row("200 MB", #"[{"target":"virtualservices","do":"huge","megabytes":200}]"#, 6, "exceeds 16777216 bytes"),
    Row("without an end", #"[{"target":"virtualservices","do":"endless"}]"#, 6, "exceeds 16777216 bytes"),
    Row("a gzip bomb", #"[{"target":"virtualservices","do":"bomb","megabytes":100}]"#, 6, "unpacks to more than"),
    Row("a million brackets", #"[{"target":"virtualservices","do":"deep","depth":1000000}]"#, 6, "expected an object"),
    Row("never", #"[{"target":"virtualservices","do":"hang"}]"#, 6, "no answer within 3s", patience: "3s"),
  ]

  /// One mesh for all rows that only read.
  static let shared = Task { try await Laboratory.mesh() }

  @Test("An answer that is wrong ends in one clear line and the right exit code", arguments: answers)
  func wrongAnswers(row: Row) async throws {
    let server = try await Laboratory.faulty(row.rules, before: Self.shared.value)
    let run = try await Invocation.meshdeck(
      ["get", "routes", "-A", "--timeout", row.patience], kubeconfig: server.kubeconfig)
    #expect(run.code == row.code, "\(run.error)")
    #expect(run.error.contains(row.says), "\(run.error)")
    #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
    #expect(run.output.isEmpty)
    #expect(!run.holdsControlBytes)
    #expect(!server.requests.contains { $0.target.contains("evil") })
  }

  @Test(
    "A list that breaks off is still a whole JSON document or none", arguments: answers.prefix(3) + answers.suffix(9))
  func wholeDocuments(row: Row) async throws {
    let server = try await Laboratory.faulty(row.rules, before: Self.shared.value)
    let run = try await Invocation.meshdeck(
      ["get", "routes", "-A", "-o", "json", "--timeout", row.patience], kubeconfig: server.kubeconfig)
    #expect(run.code == row.code, "\(run.error)")
    if !run.output.isEmpty { #expect(throws: Never.self) { try JSONValue(parsing: run.output) } }
  }

  @Test("Who may read one namespace alone is shown that one, and told so")
  func oneNamespace() async throws {
    let rules =
      #"[{"target":"^(?!.*/namespaces/).*limit=","do":"status","code":403,"body":"{\"kind\":\"Status\",\"message\":\"forbidden\"}"}]"#
    let server = try await Laboratory.faulty(rules, before: Self.shared.value)
    let run = try await Invocation.meshdeck(["get", "routes", "-n", "shop"], kubeconfig: server.kubeconfig)
    #expect(run.code == 0, "\(run.error)")
    #expect(run.output.contains("reviews") && !run.output.contains("ledger"))
    #expect(run.error.contains("only namespace shop was read"), "\(run.error)")
    let all = try await Invocation.meshdeck(["get", "routes", "-A"], kubeconfig: server.kubeconfig)
    #expect(all.code == 5 && all.error.split(separator: "\n").count == 1, "\(all.error)")
  }

  @Test("An object that cannot be read is named and does not hide the others")
  func oneUnreadableObject() async throws {
    let rules = #"[{"target":"virtualservices","do":"replace","pairs":[["\"weight\":80","\"weight\":1e400"]]}]"#
    let server = try await Laboratory.faulty(rules, before: Self.shared.value)
    let run = try await Invocation.meshdeck(["get", "routes", "-A"], kubeconfig: server.kubeconfig)
    #expect(run.code == 0)
    #expect(run.output.contains("ledger") && !run.output.contains("reviews"))
    #expect(run.error.contains("cannot read VirtualService shop/reviews"), "\(run.error)")
  }

  @Test(
    "Names with control bytes are shown escaped in every form",
    arguments: [
      ["get", "routes", "-A"], ["get", "routes", "-A", "-o", "json"], ["get", "routes", "-A", "-o", "yaml"],
      ["get", "routes", "-A", "-o", "name"], ["analyze"], ["graph", "-o", "json"], ["graph"],
      ["get", "objects", "virtualservice", "-A", "-o", "yaml"],
    ])
  func hostileNames(arguments: [String]) async throws {
    let rules = #"""
      [{"target":"services|pods|deployments","do":"replace","pairs":[
        ["\"reviews","\"re\\u001b[2Jv\\u009b\\u202e\\n../x\\u0007"],["\"shop\"","\"sh\\u001b]0;x\\u0007op\""]]}]
      """#
    let server = try await Laboratory.faulty(rules, before: Self.shared.value)
    let run = try await Invocation.meshdeck(arguments, kubeconfig: server.kubeconfig)
    #expect(!run.holdsControlBytes, "\(run.output.debugDescription)")
    #expect([0, 1].contains(run.code))
  }

  @Test(
    "A certificate that is wrong stops everything before a byte is sent",
    arguments: [("self-signed", "authority"), ("expired", "expired"), ("wrong-host", "another name")])
  func certificates(kind: String, says: String) async throws {
    let server = try await Laboratory.faulty("[]", before: Self.shared.value, ["--tls", kind])
    let run = try await Invocation.meshdeck(["get", "routes", "-A"], kubeconfig: server.kubeconfig)
    #expect(run.code == 6 && run.error.contains(says), "\(run.error)")
    #expect(server.requests.isEmpty)
  }

  @Test("A server that lets no connection come about is given up in time")
  func blackHole() async throws {
    let server = try await Laboratory.faulty("[]", ["--black-hole"])
    let run = try await Invocation.meshdeck(["get", "routes", "-A", "--timeout", "2s"], kubeconfig: server.kubeconfig)
    #expect(run.code == 6 && run.error.contains("no answer within 2s"), "\(run.error)")
  }

  @Test(
    "Output that cannot be written is an error, a reader that went away is none",
    arguments: [
      (#""$0" get routes -A >/dev/full"#, 1), (#""$0" get routes -A -o json >&-"#, 1),
      (#""$0" get routes -A | head -1; exit ${PIPESTATUS[0]/141/0}"#, 0), (#"TERM=dumb "$0" get routes -A"#, 0),
      (#"LC_ALL=C "$0" get routes -A"#, 0), (#"unset HOME XDG_STATE_HOME; "$0" get routes -A"#, 0),
      (#"unset HOME XDG_STATE_HOME; "$0" history"#, 1),
    ])
  func surroundings(shell: String, code: Int32) async throws {
    let run = try await Invocation.meshdeck([], kubeconfig: Self.shared.value.kubeconfig, shell: shell)
    #expect(run.code == code, "\(run.error)")
    #expect(run.error.split(separator: "\n").count == (code == 0 ? 0 : 1), "\(run.error)")
  }
}
