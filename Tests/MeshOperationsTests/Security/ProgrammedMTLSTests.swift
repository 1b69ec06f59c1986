import MeshModel
import MeshPlanes
import Testing

@testable import MeshOperations

@Suite struct ProgrammedMTLSTests {
  static let strict = InboundTLS(port: 8080, takesMeshTLS: true, takesPlaintext: false)
  static let permissive = InboundTLS(port: 8080, takesMeshTLS: true, takesPlaintext: true)
  static let disable = InboundTLS(port: 8080, takesMeshTLS: false, takesPlaintext: true)

  /// The rows of Istio's edge verdict (facts §4.3), from what proxies run.
  @Test(
    arguments: [
      (.auto, strict, .mtls), (.auto, permissive, .mtls), (.auto, disable, .plaintext), (.auto, nil, .plaintext),
      (.mesh, strict, .mtls), (.mesh, permissive, .mtls), (.mesh, disable, .breaks), (.mesh, nil, .breaks),
      (.plaintext, strict, .breaks), (.plaintext, permissive, .plaintext), (.plaintext, disable, .plaintext),
      (.plaintext, nil, .plaintext), (nil, strict, .breaks), (nil, permissive, .plaintext),
      (.own, strict, .breaks), (.own, permissive, .applicationTLS), (.own, nil, .applicationTLS),
    ] as [(OutboundTLS.Sends?, InboundTLS?, MTLSVerdict.Outcome)])
  func whatProxiesRunComesToAnOutcome(sends: OutboundTLS.Sends?, takes: InboundTLS?, outcome: MTLSVerdict.Outcome) {
    #expect(ProgrammedMTLS.outcome(sends, takes) == outcome)
  }

  static let server = SmallWorld.ref("workload", "reviews-v1")
  static let client = SmallWorld.ref("workload", "legacy-v1", in: "old")
  static let host = "reviews.shop.svc.cluster.local"

  static func view(
    _ mode: String, server takes: InboundTLS?, sends: OutboundTLS.Sends?, proxy: ProxyMode = .sidecar
  ) throws -> MeshView {
    var view = try MTLSMatrixTests.world(mode, clientProxy: proxy, mtls: 1).view
    var report = ProxyTLSReport(at: view.at)
    if let takes {
      report.workloads[server] = ProxyTLS(proxy: SmallWorld.ref("pod", "reviews-v1-0"), inbound: [takes])
    } else {
      report.gaps[server] = "its proxy does not tell: refused"
    }
    if let sends {
      report.workloads[client] = ProxyTLS(
        proxy: SmallWorld.ref("pod", "legacy-v1-0", in: "old"),
        outbound: [OutboundTLS(host: host, port: 8080, sends: sends)])
    }
    view.proxyTLS["lab"] = .known(report, source: "test", at: view.at)
    return view
  }

  @Test func theThreeTruthsStandInOneRow() throws {
    let pair = try #require(
      try Self.view("STRICT", server: Self.strict, sends: .auto).mtlsMatrix().first { $0.server == Self.server })
    let programmed = try #require(pair.programmed.value)
    #expect(programmed.outcome == .mtls && programmed.server == .strict && programmed.client == "auto")
    #expect(programmed.proxies.map(\.name) == ["reviews-v1-0", "legacy-v1-0"])
    #expect(!pair.needsAttention)
  }

  @Test func proxiesThatRunSomethingElseNeedAttention() throws {
    let pair = try #require(
      try Self.view("STRICT", server: Self.permissive, sends: .plaintext).mtlsMatrix()
        .first { $0.server == Self.server })
    #expect(pair.programmed.value?.outcome == .plaintext)
    #expect(pair.needsAttention)
    #expect(pair.verdict == "policy says mTLS, proxies run plaintext")
  }

  @Test func aCallerWithoutAProxyIsNotAsked() throws {
    let pair = try #require(
      try Self.view("PERMISSIVE", server: Self.permissive, sends: nil, proxy: .none).mtlsMatrix()
        .first { $0.server == Self.server })
    #expect(pair.programmed.value?.client == "no proxy")
    #expect(pair.programmed.value?.outcome == .plaintext)
  }

  @Test func whatIsNotKnownSaysWhy() throws {
    func reason(_ view: MeshView) throws -> String? {
      try #require(view.mtlsMatrix().first { $0.server == Self.server }).programmed.reason
    }
    #expect(
      try reason(Self.view("STRICT", server: nil, sends: .auto)) == "reviews-v1: its proxy does not tell: refused")
    #expect(try reason(Self.view("STRICT", server: Self.strict, sends: nil)) == "legacy-v1: not asked")
    #expect(
      try reason(
        Self.view("STRICT", server: InboundTLS(port: 1, takesMeshTLS: true, takesPlaintext: true), sends: .auto))
        == "the proxy of reviews-v1 has no listener for port 8080")
    var view = try Self.view("STRICT", server: Self.strict, sends: .auto)
    view.proxyTLS["lab"] = .unknown("this plane does not tell what TLS its proxies run")
    #expect(try reason(view) == "this plane does not tell what TLS its proxies run")
    view.proxyTLS = [:]
    #expect(try reason(view) == "proxies were not asked for their TLS contexts")
  }

  @Test func whatAWorkloadTakesIsReadByPort() throws {
    var view = try Self.view("STRICT", server: Self.strict, sends: .auto)
    guard case .known(var report, _, _)? = view.proxyTLS["lab"] else {
      Issue.record("the proxies' TLS is not known")
      return
    }
    report.workloads[Self.server]?.inbound.append(InboundTLS(port: 9090, takesMeshTLS: false, takesPlaintext: true))
    view.proxyTLS["lab"] = .known(report, source: "test", at: view.at)
    #expect(view.programmedMode(of: Self.server, port: nil, exceptional: [9090]).value == .strict)
    #expect(view.programmedMode(of: Self.server, port: 9090, exceptional: []).value == .disable)
    #expect(
      view.programmedMode(of: Self.server, port: nil, exceptional: []).reason
        == "its proxy differs by port: 8080 STRICT, 9090 DISABLE")
    let row = try #require(view.mtlsRows(namespace: "shop").first { $0.workload == Self.server })
    #expect(row.mode == .strict)
    #expect(row.observed.value?.share == 1)
  }

  @Test func bothEndsOfEveryCallAreAskedFirst() throws {
    let questions = try Self.view("STRICT", server: Self.strict, sends: .auto).tlsQuestions(plane: "lab")
    #expect(questions.prefix(2).map(\.workload) == [Self.server, Self.client])
    #expect(questions[0].isServer)
    #expect(questions[1].hosts == [Self.host])
    #expect(Set(questions.map(\.workload.name)) == ["reviews-v1", "legacy-v1", "reviews-v2", "web-v1"])
  }

  @Test func whoIsSeenOnlyAsACallerIsAskedWhatItTakesToo() throws {
    let view = try Self.view("STRICT", server: Self.strict, sends: .auto)
    #expect(view.tlsQuestions(plane: "lab").allSatisfy { $0.isServer })
    // What a caller of another namespace takes is not shown.
    let caller = try #require(view.tlsQuestions(plane: "lab", namespace: "shop").first { $0.workload == Self.client })
    #expect(!caller.isServer && caller.hosts == [Self.host])
  }

  @Test(arguments: 1...4) func questionsAreAsManyAsThereIsRoomFor(limit: Int) throws {
    // Both ends of the call seen, then the others by name.
    let names = ["reviews-v1", "legacy-v1", "reviews-v2", "web-v1"]
    let questions = try Self.view("STRICT", server: Self.strict, sends: .auto).tlsQuestions(plane: "lab", limit: limit)
    #expect(questions.map(\.workload.name) == Array(names.prefix(limit)))
  }

  @Test func whoHasNoProxyTakesNobodysPlace() throws {
    let view = try Self.view("STRICT", server: Self.strict, sends: nil, proxy: .none)
    #expect(view.tlsQuestions(plane: "lab").allSatisfy { $0.workload != Self.client })
    #expect(view.tlsQuestions(plane: "lab", limit: 2).count == 2)
  }
}
