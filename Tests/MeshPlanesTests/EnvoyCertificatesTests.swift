import MeshModel
import Testing

@testable import MeshPlanes

/// The reader of `/certs`, on answers recorded from a real Envoy 1.40: one without TLS, one with mutual TLS on a listener
/// and a cluster (the same certificate in two contexts) and a gateway's certificate on another listener.
@Suite struct EnvoyCertificatesTests {
  @Test func aProxyWithoutTLSHoldsNone() throws {
    let held = try EnvoyCertificates.read(try IstioFixtures.bytes("envoy/certs.json"))
    #expect(held == ProxyCertificates())
    #expect(held.workload == nil && held.firstToExpire == nil)
  }

  @Test func readsNamesTimesAndRootsOfARealAnswerEachOnce() throws {
    let held = try EnvoyCertificates.read(try IstioFixtures.bytes("envoy/certs.mtls.json"))
    #expect(held.own.count == 2)
    #expect(
      held.roots.map(\.serial) == [
        "075d06a6040fa4baf090de1507ad608a7971a183", "2f6068ff3540606120402ac17fafbbde5d380e1e",
      ])
    let own = try #require(held.workload)
    #expect(own.names == ["spiffe://cluster.local/ns/shop/sa/reviews"])
    #expect(own.serial == "4a73710706b742527d072994f29d53ddf8a6b4ec")
    #expect(own.path == "leaf.pem")
    #expect(own.begins == RFC3339.parse("2026-11-22T23:01:03Z"))
    #expect(own.expires == RFC3339.parse("2026-11-24T23:01:03Z"))
    #expect(held.firstToExpire == own)
    #expect(
      held.own.contains {
        $0.names == ["127.0.0.1", "shop.example", "www.shop.example"]
          || $0.names == ["shop.example", "www.shop.example", "127.0.0.1"]
      })
  }

  /// A certificate of one day: fresh for four fifths of it, late for the last, then expired.
  @Test(arguments: [
    (0.0, ProxyCertificate.Standing.fresh, 1), (43_200, .fresh, 0), (69_000, .fresh, 0), (69_200, .late, 0),
    (86_399, .late, 0), (86_400, .expired, 0), (90_000, .expired, 0),
  ])
  func standingFollowsItsOwnLife(_ age: Double, _ standing: ProxyCertificate.Standing, _ days: Int) {
    let one = ProxyCertificate(serial: "1", begins: Instant(seconds: 0), expires: Instant(seconds: 86_400))
    #expect(one.standing(at: Instant(seconds: age)) == standing)
    #expect(one.daysLeft(at: Instant(seconds: age)) == days)
  }

  @Test func aCertificateThatDoesNotTellItsEndIsNotJudged() {
    let one = ProxyCertificate(serial: "1")
    #expect(one.standing(at: Instant(seconds: 5)) == .fresh)
    #expect(one.daysLeft(at: Instant(seconds: 5)) == nil)
  }

  @Test(arguments: [#"{"certificates":[{"cert_chain":[{"path":"#, #"{"certificates":3}"#, "no healthy upstream"])
  func brokenAnswersAreErrors(_ text: String) {
    #expect(throws: JSONError.self) { try EnvoyCertificates.read(Array(text.utf8)) }
  }
}
