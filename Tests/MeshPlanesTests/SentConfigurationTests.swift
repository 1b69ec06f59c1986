import MeshModel
import Testing

@testable import MeshPlanes

/// Proxies whose administration is not reached, as a default sidecar's through the API server: istiod's word, acknowledged.
@Suite struct SentConfigurationTests {
  private static let refused =
    "error trying to reach service: dial tcp 10.244.1.7:15000: connect: connection refused"

  /// A mesh of recorded answers whose sidecars' administration is refused.
  private static func access(sync: [UInt8]? = nil, dump: String? = "istiod/config_dump.storefront.json") throws
    -> StoredObjects
  {
    var access = StoredObjects(refusal: refused)
    access.objects = [
      try IstioFixtures.native(
        #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"istiod-1","namespace":"istio-system","labels":{"app":"istiod"}}}"#
      )
    ]
    let istiod = "istio-system/istiod-1:8080/debug"
    access.answers["\(istiod)/syncz"] = try sync ?? IstioFixtures.bytes("istiod/syncz.json")
    if let dump {
      access.answers["\(istiod)/config_dump?proxyID=storefront-v1-0%2Eshop"] = try IstioFixtures.bytes(dump)
    }
    return access
  }

  private static let behind = Array(
    #"[{"proxy":"storefront-v1-0.shop","cluster_sent":"2","cluster_acked":"2","route_sent":"2","route_acked":"1"}]"#
      .utf8)

  private static func source<Value>(_ known: Known<Value>) -> String? {
    if case .known(_, let source, _) = known { source } else { nil }
  }

  @Test func theWeightsThatIstiodSentAndTheProxyAcknowledgedAreItsOwn() async throws {
    let report = try await IstioProgrammedTests.report(Self.access())
    #expect(report.gaps == [])
    #expect(report.asked == [IstioProgrammedTests.pod])
    #expect(report.sent == report.asked)
    let route = try IstioProgrammedTests.reviews()
    let known = ProgrammedWeights.of(route, rule: route.rules[1], in: report)
    #expect(known.value?.backends.map(\.weight) == [80, 20])
    #expect(known.value?.since == nil, "istiod does not tell when the proxy took it")
    #expect(Self.source(known) == "istiod's config_dump of 1 of 1 proxies, acknowledged by them")
  }

  @Test func ofWhatIstiodSentTheSameIsKeptAsOfWhatTheProxyTells() async throws {
    let sent = try await IstioProgrammedTests.report(Self.access()).routes
    let own = try await IstioProgrammedTests.report(
      IstioProgrammedTests.access(sync: "istiod/syncz.json", dump: "envoy/config_dump.dynamic_route_configs.json")
    ).routes
    #expect(!sent.isEmpty)
    #expect(Set(sent.map(\.name)) == Set(own.map(\.name)), "routes of rules without weights are not")
    #expect(sent.allSatisfy(\.domains.isEmpty) && own.allSatisfy(\.domains.isEmpty), "their object tells them")
  }

  @Test func whatIsNotAcknowledgedIsNotKnown() async throws {
    let report = try await IstioProgrammedTests.report(Self.access(sync: Self.behind))
    #expect(report.asked == [])
    #expect(report.gaps == ["shop/storefront-v1-0: it has not acknowledged what istiod sent it"])
    let routes = await IstioProgrammed(dialect: IstioDialect(), access: try Self.access(sync: Self.behind))
      .routes(of: IstioProgrammedTests.pod)
    #expect(routes.reason == "it has not acknowledged what istiod sent it")
  }

  @Test func istiodIsNotAskedAgainWhileItSendsNothingNew() async throws {
    let (dialect, route) = (IstioDialect(), try IstioProgrammedTests.reviews())
    func report(_ access: StoredObjects) async throws -> ProgrammedReport {
      try #require(await dialect.programmed(for: [route], in: MeshSnapshot(), using: access))
    }
    #expect(try await report(Self.access()).sent == [IstioProgrammedTests.pod])
    let kept = try await report(Self.access(dump: nil))
    #expect(ProgrammedWeights.of(route, rule: route.rules[1], in: kept).value?.backends.map(\.weight) == [80, 20])
    let moved = #"[{"proxy":"storefront-v1-0.shop","cluster_sent":"9","cluster_acked":"9"}]"#
    let asked = try await report(Self.access(sync: Array(moved.utf8), dump: nil))
    #expect(asked.asked == [] && asked.gaps.count == 1)
  }

  @Test func whereIstiodDoesNotTellEitherBothReasonsAreGiven() async throws {
    let report = try await IstioProgrammedTests.report(Self.access(dump: nil))
    let gap = try #require(report.gaps.first)
    #expect(gap.contains("its administration listens on 127.0.0.1 of its pod"), "\(gap)")
    #expect(gap.contains("istiod's /debug/config_dump: "), "\(gap)")
  }

  @Test func certificatesStayUnknownForTheTrueReason() async throws {
    let access = try Self.access()
    let programmed = IstioProgrammed(dialect: IstioDialect(), access: access)
    let pod = IstioProgrammedTests.pod
    let certificates = await programmed.certificates(of: [pod])[pod]
    #expect(
      certificates?.reason
        == "its administration listens on 127.0.0.1 of its pod, where the API server does not lead")
    do throws(MeshError) {
      _ = try await IstioProxyAdmin(dialect: IstioDialect(), access: access).get(pod, "/certs")
      Issue.record("nothing listens there")
    } catch {
      #expect(error.remedy?.hasPrefix("kubectl -n shop port-forward storefront-v1-0 15000") == true)
      #expect(error.remedy?.contains("envoy: [{url: http://127.0.0.1:15000, workload: shop/storefront-v1-0}]") == true)
    }
  }

  @Test func oneProxysRoutesAreThoseItWasSent() async throws {
    let routes = await IstioProgrammed(dialect: IstioDialect(), access: try Self.access())
      .routes(of: IstioProgrammedTests.pod)
    #expect(Self.source(routes) == "istiod's /debug/config_dump, acknowledged by the proxy")
    #expect(routes.value?.contains { $0.clusters.map(\.weight) == [80, 20] } == true)
  }

  @Test func theTLSContextsAreThoseItWasSent() async throws {
    var mesh = SmallMesh()
    mesh.add("storefront")
    let workload = SmallMesh.ref("deployment", "shop", "storefront-v1")
    let hosts: Set = ["reviews.shop.svc.cluster.local"]
    let question = ProxyTLSQuestion(workload: workload, isServer: true, hosts: hosts)
    func report(_ access: StoredObjects) async throws -> ProxyTLSReport {
      try #require(await IstioDialect().programmedTLS([question], in: mesh.snapshot, using: access))
    }
    let found = try await report(Self.access())
    #expect(found.gaps == [:])
    #expect(found.sent == [workload])
    let contexts = try #require(found.workloads[workload])
    #expect(contexts.inbound == [InboundTLS(port: 8080, takesMeshTLS: false, takesPlaintext: true)])
    #expect(contexts.outbound.count == 4)
    #expect(contexts.outbound.allSatisfy { $0.sends == .plaintext && $0.port == 8080 })
    let doubted = try await report(Self.access(sync: Self.behind))
    #expect(doubted.workloads == [:] && doubted.sent == [])
    #expect(
      doubted.gaps[workload] == "its proxy does not tell, and it has not acknowledged what istiod sent it")
  }

  @Test func istiodIsAskedOnceAtATimeAndSparedAfterAnAnswerThatTookLong() async throws {
    let turns = SentTurns(patience: .seconds(600))
    let underWay = UnderWay()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await turns.take {
            await underWay.begin()
            for _ in 0..<20 { await Task.yield() }
            await underWay.end()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(await underWay.most == 1)
    let hasty = SentTurns(patience: .milliseconds(1))
    try await hasty.take { try? await Task.sleep(for: .milliseconds(2)) }
    let error = await #expect(throws: MeshError.self) { try await hasty.take {} }
    #expect(error?.message.contains("took too long") == true)
    // Somebody who waits for one proxy is answered all the same.
    #expect(try await hasty.take(isAwaited: true) { 7 } == 7)
    await #expect(throws: MeshError.self) { try await hasty.take {} }
  }

  private actor UnderWay {
    private var now = 0
    private(set) var most = 0

    func begin() {
      now += 1
      most = max(most, now)
    }

    func end() { now -= 1 }
  }

  // MARK: The dump in pieces

  private static func cut(_ bytes: [UInt8], pieces size: Int) -> (resources: [String], isWhole: Bool) {
    var cutter = DumpCutter()
    var resources: [String] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      cutter.feed(Array(bytes[start..<min(start + size, bytes.count)])) {
        resources.append(String(decoding: $0, as: UTF8.self))
      }
    }
    return (resources, cutter.isWhole)
  }

  @Test(arguments: [1, 2, 7, 4_096]) func resourcesAreCutWhereverThePiecesEnd(size: Int) {
    let long = #"{"a long text \\":"of } many words [ \" and }]"}"#
    let text =
      #"{"configs":[{"@type":"x{[\"","a":[{"b":"}]\"{"},\#(long),{"c":[{"d":{}}]}]},{"e":[{}]},{}]} "#
    let found = Self.cut(Array(text.utf8), pieces: size)
    #expect(found.resources == [#"{"b":"}]\"{"}"#, long, #"{"c":[{"d":{}}]}"#, "{}"])
    #expect(found.isWhole)
    #expect(!Self.cut(Array(text.utf8.dropLast(2)), pieces: size).isWhole)
    #expect(!Self.cut(Array("404 page not found".utf8), pieces: size).isWhole)
  }

  @Test func whatStandsAroundResourcesIsKeptWithTheirNumbers() {
    let text = Array(#"{"a long name without brackets":[{"x":1},{"y":"}"}],"b":"[{","c":[[]]}"#.utf8)
    for size in 1...text.count {
      var cutter = DumpCutter(depth: 3, keepsRest: true)
      var resources: [String] = []
      for start in stride(from: 0, to: text.count, by: size) {
        cutter.feed(Array(text[start..<min(start + size, text.count)])) {
          resources.append(String(decoding: $0, as: UTF8.self))
        }
      }
      #expect(resources == [#"{"x":1}"#, #"{"y":"}"}"#, "[]"])
      let rest = String(decoding: cutter.rest, as: UTF8.self)
      #expect(rest == #"{"a long name without brackets":[0,1],"b":"[{","c":[2]}"#)
      #expect(cutter.isWhole)
    }
  }

  @Test func bracketsTooManyAreNotWhole() {
    #expect(!Self.cut(Array("{}}".utf8), pieces: 9).isWhole)
  }

  @Test func membersAreCutWhereverThePiecesEndAndWhereverTheyStand() {
    let text = Array(#"--{"a name \" of words":{"x":"} in a long text"},"none":null,"b":[[1]]}"#.utf8)
    for size in 1...text.count {
      var cutter = MemberCutter()
      var members: [String] = []
      var start = 2
      while start < text.count {
        let end = min(start + size, text.count)
        cutter.feed(text[start..<end]) { members.append("\($0)=\(String(decoding: $1, as: UTF8.self))") }
        start = end
      }
      #expect(members == [#"a name \" of words={"x":"} in a long text"}"#, "b=[[1]]"])
      #expect(cutter.isWhole)
    }
  }

  @Test func namesAreTurnedAndTextsAreNot() {
    let json = #"{"routeConfig" : {"@type":"a.RouteConfig","name":"aB:\"cD\"","useHttp2":1,"NAME":"x","filter.aB":{}}}"#
    #expect(
      String(decoding: ProtoNames.ofDefinitions(Array(json.utf8)[...]), as: UTF8.self)
        == #"{"route_config" : {"@type":"a.RouteConfig","name":"aB:\"cD\"","use_http2":1,"NAME":"x","filter.a_b":{}}}"#)
  }
}
