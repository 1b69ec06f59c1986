import MeshModel
import MeshOperations
import Testing

/// Whose certificates fit, whose do not, and in which order that is told.
@Suite struct IdentityTests {
  static let now = Instant(seconds: 1_000_000)

  static func ref(_ plane: String, _ kind: String, _ name: String) -> ObjectRef {
    ObjectRef(plane: plane, namespace: "shop", kind: kind, name: name)
  }

  static func view(_ names: [(plane: String, name: String, proxy: ProxyMode)]) -> MeshView {
    var view = MeshView(at: now)
    for (plane, name, proxy) in names {
      view.snapshot.apply(
        .upsert(
          .endpoint(
            Endpoint(
              ref: ref(plane, "pod", "\(name)-0"), workload: ref(plane, "workload", name), isReady: true, proxy: proxy,
              acceptsMeshTLS: proxy == .sidecar, serviceAccount: name))))
    }
    return view
  }

  static func certificate(_ spiffe: String?, serial: String = "aa", begins: Double = -3600, ends: Double = 82_800)
    -> ProxyCertificate
  {
    ProxyCertificate(
      serial: serial, names: [spiffe].compactMap(\.self), begins: Instant(seconds: now.seconds + begins),
      expires: Instant(seconds: now.seconds + ends))
  }

  static func held(_ name: String, root: String = "r1", ends: Double = 82_800) -> ProxyCertificates {
    ProxyCertificates(
      own: [certificate("spiffe://cluster.local/ns/shop/sa/\(name)", ends: ends)],
      roots: [certificate(nil, serial: root, begins: -86_400, ends: 86_400_000)])
  }

  static func known(_ held: ProxyCertificates) -> Known<ProxyCertificates> {
    .known(held, source: "test", at: now)
  }

  @Test func rootMismatchBetweenMeshesComesFirst() {
    let view = Self.view([
      ("prod", "a", .sidecar), ("prod", "b", .sidecar), ("prod", "late", .sidecar), ("edge", "z", .sidecar),
    ])
    let rows = Identities.rows(
      view,
      certificates: [
        Self.ref("prod", "pod", "a-0"): Self.known(Self.held("a")),
        Self.ref("prod", "pod", "b-0"): Self.known(Self.held("b")),
        Self.ref("prod", "pod", "late-0"): Self.known(Self.held("late", ends: 600)),
        Self.ref("edge", "pod", "z-0"): Self.known(Self.held("z", root: "r2")),
      ])
    #expect(rows.map(\.workload.name) == ["z", "late", "a", "b"])
    #expect(rows.map(\.trouble) == [.otherRoots, .late, nil, nil])
  }

  @Test func aProxyWithoutAnAccountIsJudgedByWhatItProves() throws {
    var view = Self.view([("edge", "a", .sidecar), ("edge", "b", .sidecar)])
    for name in ["meshed", "bare"] {
      view.snapshot.apply(
        .upsert(
          .endpoint(
            Endpoint(
              ref: Self.ref("envoys", "proxy", name), workload: Self.ref("envoys", "workload", name), isReady: true,
              proxy: .gateway, acceptsMeshTLS: false))))
    }
    // Known to its control plane alone.
    let alone = Self.ref("cp", "proxy", "alone")
    view.programmed["cp"] = .known(
      ProgrammedReport(proxies: [ProxyState(ref: alone)], at: Self.now), source: "test", at: Self.now)
    let bundle = ProxyCertificates(own: [], roots: [Self.certificate(nil, serial: "public", ends: 86_400_000)])
    let rows = Identities.rows(
      view,
      certificates: [
        Self.ref("edge", "pod", "a-0"): Self.known(Self.held("a")),
        Self.ref("edge", "pod", "b-0"): Self.known(Self.held("b")),
        Self.ref("envoys", "proxy", "meshed"): Self.known(Self.held("any", root: "other")),
        Self.ref("envoys", "proxy", "bare"): Self.known(bundle),
        alone: Self.known(Self.held("x")),
      ])
    func row(_ name: String) throws -> IdentityRow { try #require(rows.first { $0.workload.name == name }) }
    #expect(rows.first?.workload.name == "meshed", "it proves an identity by roots of another mesh")
    #expect(try row("meshed").trouble == .otherRoots)
    #expect(try row("meshed").expected == nil)
    #expect(try row("bare").trouble == nil, "a gateway that believes public roots is no member of the mesh")
    #expect(try !row("bare").isMeshed)
    #expect(try row("alone").trouble == nil && row("alone").proven == "spiffe://cluster.local/ns/shop/sa/x")
  }

  @Test func aProxyThatBelievesOldAndNewRootsDoesNotStandApart() {
    let view = Self.view([("prod", "a", .sidecar), ("prod", "b", .sidecar), ("prod", "c", .sidecar)])
    var both = Self.held("c")
    both.roots.append(Self.certificate(nil, serial: "r2"))
    let rows = Identities.rows(
      view,
      certificates: [
        Self.ref("prod", "pod", "a-0"): Self.known(Self.held("a")),
        Self.ref("prod", "pod", "b-0"): Self.known(Self.held("b")),
        Self.ref("prod", "pod", "c-0"): Self.known(both),
      ])
    #expect(rows.allSatisfy { $0.trouble == nil })
  }

  @Test(arguments: [
    (
      ProxyCertificates(own: [certificate("spiffe://cluster.local/ns/shop/sa/a", ends: -1)]),
      IdentityRow.Trouble.expired
    ),
    (held("other"), .otherIdentity),
    (ProxyCertificates(own: [certificate("spiffe://cluster.local/ns/shop/sa/a")]), .noRoots),
    (ProxyCertificates(own: [certificate(nil)], roots: [certificate(nil, serial: "r1")]), .noIdentity),
    (ProxyCertificates(), .noIdentity), (held("a", ends: 600), .late), (held("a"), nil),
  ])
  func whatIsWrongIsNamed(_ held: ProxyCertificates, _ trouble: IdentityRow.Trouble?) {
    let view = Self.view([("prod", "a", .sidecar)])
    let rows = Identities.rows(view, certificates: [Self.ref("prod", "pod", "a-0"): Self.known(held)])
    #expect(rows.map(\.trouble) == [trouble])
  }

  @Test func whatIsNotKnownIsNeitherWellNorIll() {
    let view = Self.view([("prod", "a", .sidecar), ("prod", "node", .ambient), ("prod", "plain", .none)])
    let rows = Identities.rows(
      view, certificates: [Self.ref("prod", "pod", "a-0"): .unknown("the proxy did not answer")])
    #expect(rows.map(\.workload.name) == ["a", "node"])
    #expect(rows.allSatisfy { $0.trouble == nil && $0.proven == nil })
    #expect(rows[0].certificates.reason == "the proxy did not answer")
    #expect(rows[1].certificates.reason == "the proxy of its node holds its certificate, and is not asked")
    #expect(rows[1].proxy == nil)
  }

  @Test func theProxyAskedIsOneThatIsReady() {
    var view = Self.view([("prod", "a", .sidecar)])
    let down = Endpoint(
      ref: Self.ref("prod", "pod", "a"), workload: Self.ref("prod", "workload", "a"), isReady: false, proxy: .sidecar,
      acceptsMeshTLS: true, serviceAccount: "a")
    view.snapshot.apply(.upsert(.endpoint(down)))
    #expect(Identities.proxies(view).values.map(\.name) == ["a-0"])
  }
}
