import MeshModel
import Testing

@testable import MeshOperations

@Suite struct RuleSettingsTests {
  /// A rule that has every setting.
  static let whole = Rule(
    name: "primary", timeout: 2, retries: RetrySetting(attempts: 2, perTryTimeout: 0.5, retryOn: "5xx"),
    fault: FaultSetting(delay: 2, delayPercent: 5, abortStatus: 503, abortPercent: 10),
    mirrors: [MirrorSetting(host: "reviews", subset: "v3", port: 80, percent: 7)],
    headers: HeaderSetting(
      request: .init(overwritten: ["a": "1"], added: ["b": "2"], removed: ["c"]),
      response: .init(overwritten: ["d": "4"], added: ["e": "5"], removed: ["f"])), pointer: "/spec/http/0")

  /// A rule that has none.
  static let bare = Rule(name: "bare", pointer: "/spec/http/1")

  static func intent(_ typed: String, over rules: Rule..., rule: String?) throws -> RuleIntent {
    let route = Route(
      ref: Workbench.ref("reviews"), dialect: .istio, apiVersion: "networking.istio.io/v1", hosts: [], rules: rules)
    return try RuleSettings(words: typed.split(separator: " ").map(String.init)).intent(for: route, rule: rule)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var typed: String
    var change: @Sendable (inout Rule) -> Void
    var testDescription: String { typed }

    init(_ typed: String, _ change: @escaping @Sendable (inout Rule) -> Void) {
      self.typed = typed
      self.change = change
    }
  }

  static let rows = [
    Row("--request-timeout 3s") { $0.timeout = 3 },
    Row("--request-timeout none") { $0.timeout = nil },
    Row("--retries 3") { $0.retries?.attempts = 3 },
    Row("--per-try-timeout 1s") { $0.retries?.perTryTimeout = 1 },
    Row("--per-try-timeout none") { $0.retries?.perTryTimeout = nil },
    Row("--retry-on reset") { $0.retries?.retryOn = "reset" },
    Row("--retry-on none") { $0.retries?.retryOn = "" },
    Row("--retries none") { $0.retries = nil },
    Row("--delay 3s") { $0.fault?.delay = 3 },
    Row("--delay-percent 50") { $0.fault?.delayPercent = 50 },
    Row("--abort 500") { $0.fault?.abortStatus = 500 },
    Row("--abort-percent 50") { $0.fault?.abortPercent = 50 },
    Row("--fault none") { $0.fault = nil },
    Row("--fault none --abort 500") { $0.fault = FaultSetting(abortStatus: 500) },
    Row("--mirror reviews:v2") { $0.mirrors[0].subset = "v2" },
    Row("--mirror reviews:8080") { $0.mirrors[0] = MirrorSetting(host: "reviews", port: 8080, percent: 7) },
    Row("--mirror other") { $0.mirrors[0] = MirrorSetting(host: "other", percent: 7) },
    Row("--mirror-percent 50") { $0.mirrors[0].percent = 50 },
    Row("--mirror none") { $0.mirrors = [] },
    Row("--set-header x=1") { $0.headers?.request.overwritten["x"] = "1" },
    Row("--set-header A=9") { $0.headers?.request.overwritten = ["A": "9"] },
    Row("--add-header c=3") { $0.headers?.request = .init(overwritten: ["a": "1"], added: ["b": "2", "c": "3"]) },
    Row("--remove-header a") { $0.headers?.request = .init(added: ["b": "2"], removed: ["c", "a"]) },
    Row("--set-response-header d=5") { $0.headers?.response.overwritten["d"] = "5" },
    Row("--remove-response-header g") { $0.headers?.response.removed = ["f", "g"] },
    Row("--headers none") { $0.headers = nil },
    Row("--headers none --set-header x=1") { $0.headers = HeaderSetting(request: .init(overwritten: ["x": "1"])) },
  ]

  @Test(arguments: rows)
  func whatIsNotNamedStays(row: Row) throws {
    var wanted = Self.whole
    row.change(&wanted)
    func change<Value>(_ old: Value?, _ new: Value?) -> RuleIntent.Change<Value>? {
      old == new ? nil : new.map { .set($0) } ?? .remove
    }
    let expected = RuleIntent(
      route: Workbench.ref("reviews"), rule: "primary", timeout: change(Self.whole.timeout, wanted.timeout),
      retries: change(Self.whole.retries, wanted.retries), fault: change(Self.whole.fault, wanted.fault),
      mirror: change(Self.whole.mirrors.first, wanted.mirrors.first),
      headers: change(Self.whole.headers, wanted.headers))
    #expect(try Self.intent(row.typed, over: Self.bare, Self.whole, rule: "primary") == expected)
  }

  @Test func aRuleThatHasNothingGetsWhatIsNamed() throws {
    let intent = try Self.intent(
      "--retries 2 --retry-on 5xx --delay 2s --abort 503 --abort-percent 10 --mirror reviews", over: Self.bare,
      rule: nil)
    #expect(intent.retries == .set(RetrySetting(attempts: 2, retryOn: "5xx")))
    #expect(intent.fault == .set(FaultSetting(delay: 2, delayPercent: 100, abortStatus: 503, abortPercent: 10)))
    #expect(intent.mirror == .set(MirrorSetting(host: "reviews")))
    #expect(intent.timeout == nil && intent.headers == nil)
  }

  @Test(arguments: [
    "", "--retry-on reset", "--per-try-timeout 1s", "--delay-percent 5", "--abort-percent 5", "--mirror-percent 5",
    "--headers x", "--fault x", "--retries many", "--abort 99", "--delay soon", "--delay 1s --delay-percent 101",
    "--set-header x",
  ])
  func whatBelongsToNothingIsRefused(_ typed: String) throws {
    let error = try #require(throws: MeshError.self) { _ = try Self.intent(typed, over: Self.bare, rule: nil) }
    #expect(error.code == .usage)
  }

  @Test func theRuleIsNamedWhereSeveralFit() throws {
    let error = try #require(throws: MeshError.self) {
      _ = try Self.intent("--retries 2", over: Self.bare, Self.whole, rule: nil)
    }
    #expect(error.code == .usage)
    #expect(error.remedy == "Name one of them: bare (0), primary (1)")
  }
}
