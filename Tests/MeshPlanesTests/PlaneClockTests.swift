import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// How far this machine's clock is from a server's.
@Suite(.timeLimit(.minutes(10))) struct PlaneClockTests {
  static let rows: [(String?, PlaneCheck.Result, String)] = [
    ("Thu, 01 Jan 2026 00:00:00 GMT", .ok, "within 0 s"), ("Thu, 01 Jan 2026 00:00:30 GMT", .ok, "within 30 s"),
    ("Thu, 01 Jan 2026 00:05:00 GMT", .warning, "this machine is 300 s behind"),
    ("Wed, 31 Dec 2025 23:59:00 GMT", .warning, "this machine is 60 s ahead"),
    (nil, .skipped, "the server does not tell the time"), ("yesterday", .skipped, "the server does not tell the time"),
  ]

  @Test(arguments: rows)
  func aSkewIsToldWithWhatToDo(_ date: String?, _ result: PlaneCheck.Result, _ words: String) {
    var headers = HTTPHeaders()
    if let date { headers.set("Date", date) }
    let check = PlaneCheck.clock(headers, now: 1_767_225_600, remedy: "set the clock")
    #expect(check.result == result && check.detail == words)
    #expect((check.remedy == nil) == (result != .warning))
  }

  /// Who one is, what one may do, when the token ends and how the clock goes: each a line of its own.
  @Test func aConsulTellsOfTokenAndClock() async throws {
    let consul = FakeConsul.stock()
    consul.change { state in
      var leader = HTTPResponse(status: 200, body: Array("\"10.0.0.1:8300\"".utf8))
      leader.headers.set("Date", "Thu, 01 Jan 2026 00:00:00 GMT")
      state.answers["/v1/status/leader"] = leader
      for (path, json) in [
        (
          "/v1/acl/token/self",
          [
            "AccessorID": "6a1253d2", "Description": "on call", "Policies": [["Name": "operators"]],
            "ExpirationTime": "2020-01-01T00:00:00Z",
          ] as JSONValue
        ),
        ("/v1/internal/acl/authorize", [["Allow": true], ["Allow": false], ["Allow": true], ["Allow": true]]),
      ] { state.answers[path] = HTTPResponse(status: 200, body: JSONWriter.bytes(json)) }
    }
    let checks = await (try consul.plane(environment: ["CONSUL_HTTP_TOKEN": "canary"])).check()
    func check(_ name: String) -> PlaneCheck? { checks.first { $0.name == name } }
    #expect(check("identity")?.detail == "on call of accessor 6a1253d2 (the token in CONSUL_HTTP_TOKEN; operators)")
    #expect(check("token")?.result == .warning && check("token")?.detail == "the token has ended")
    #expect(check("permissions")?.detail == "may service:read, intention:write, mesh:write, may not service:write")
    #expect(check("clock")?.result == .warning && check("clock")?.detail.contains("ahead") == true)
    #expect(!"\(checks)".contains("canary"))
  }
}
