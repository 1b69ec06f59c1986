import MeshModel
import Testing

@testable import MeshOperations

/// What makes services of several planes one, and what keeps them apart.
@Suite struct ServiceJoinTests {
  private static func service(
    _ plane: PlaneName, _ name: String, in namespace: String = "shop", hosts: [String]? = nil,
    remote: RemoteService? = nil
  ) -> Service {
    Service(
      ref: ObjectRef(plane: plane, namespace: namespace, kind: "service", name: name),
      hosts: hosts ?? ["\(name).\(namespace).svc.cluster.local"], ports: [], selector: ["app": name], remote: remote)
  }

  private static func settings(
    domain: String = "cluster.local", id: String = "", roots: Set<String> = [], aliases: [String] = [],
    network: String = ""
  ) -> MeshSettings {
    var settings = MeshSettings(trustDomain: domain)
    (settings.meshID, settings.roots, settings.trustDomainAliases, settings.network) = (id, roots, aliases, network)
    return settings
  }

  private static func joins(
    _ services: [Service], _ kinship: MeshKinship = .same("one mesh"), kinds: [PlaneName: Plane.Kind] = [:],
    clusters: [PlaneName: String] = [:]
  ) -> ServiceJoins {
    let all = Set(services.map(\.ref.plane))
    return ServiceJoins(
      services, kinds: Dictionary(uniqueKeysWithValues: all.map { ($0, kinds[$0] ?? .kubernetes) }), clusters: clusters
    ) { _, _ in kinship }
  }

  /// One row a rule: what the settings of two meshes prove.
  @Test(arguments: [
    (settings(domain: "a.example"), settings(domain: "b.example"), "different"),
    (settings(domain: "a.example"), settings(domain: "b.example", aliases: ["a.example"]), "same"),
    (settings(domain: "prod.example"), settings(domain: "prod.example"), "same"),
    (settings(), settings(), "unknown"),
    (settings(id: "mesh1"), settings(id: "mesh1"), "same"),
    (settings(id: "mesh1"), settings(), "unknown"),
    (settings(id: "mesh1"), settings(id: "mesh2"), "different"),
    (settings(roots: ["A"]), settings(roots: ["A", "B"]), "same"),
    (settings(id: "mesh1", roots: ["A"]), settings(id: "mesh1", roots: ["B"]), "different"),
    (settings(domain: "prod.example", roots: ["A"]), settings(domain: "prod.example", roots: ["B"]), "different"),
    (settings(network: "n1"), settings(network: "n2"), "unknown"),
    (settings(id: "mesh1", network: "n1"), settings(id: "mesh1", network: "n2"), "same"),
  ])
  func settingsProveOneMeshOrTwoOrNothing(_ one: MeshSettings, _ other: MeshSettings, _ expected: String) {
    for kinship in [MeshKinship.of(one, other), MeshKinship.of(other, one)] {
      let found = kinship.isSame ? "same" : kinship.isDifferent ? "different" : "unknown"
      #expect(found == expected, "\(kinship.reason)")
      #expect(!kinship.reason.isEmpty)
    }
  }

  @Test func differentNetworksAreNamedWhereNothingElseSpeaks() {
    #expect(
      MeshKinship.of(Self.settings(network: "n1"), Self.settings(network: "n2")).reason.contains("n1 and n2"))
  }

  @Test(arguments: [
    ("reviews.shop.svc.cluster.local", "reviews.shop.svc"), ("Reviews.Shop.SVC.east.example.", "reviews.shop.svc"),
    ("reviews.shop.svc.clusterset.local", "reviews.shop.svc"), ("reviews.shop.global", "reviews.shop.svc"),
    ("api.example.com", "api.example.com"), ("reviews", nil), ("*.example.com", nil), ("", nil),
  ])
  func hostsAreComparedByWhatTheyName(_ host: String, _ name: String?) {
    #expect(ServiceJoins.name(host) == name)
  }

  @Test func servicesOfOneMeshAreJoinedByHostWithTheReason() throws {
    let joins = Self.joins([Self.service("east", "reviews"), Self.service("west", "reviews")])
    let join = try #require(joins.join(of: Self.service("east", "reviews").ref))
    #expect(join.members.map(\.plane) == ["east", "west"])
    #expect(join.reasons == ["same host reviews.shop.svc", "one mesh"])
    #expect(joins.apart.isEmpty)
  }

  @Test(arguments: [MeshKinship.different("the trust domains differ"), .unknown("nothing says so")])
  func aNameAloneJoinsNothing(_ kinship: MeshKinship) {
    let joins = Self.joins([Self.service("east", "reviews"), Self.service("west", "reviews")], kinship)
    #expect(joins.joined.isEmpty)
    #expect(joins.apart.map(\.members.count) == [2])
    #expect(joins.apart.first?.reasons == ["east and west: \(kinship.reason)"])
    #expect(joins.words(for: Self.service("east", "reviews").ref).first?.hasPrefix("not one with west/") == true)
  }

  @Test func anotherPlatformIsJoinedByAFullyQualifiedHost() {
    let store = Self.service("store", "reviews", in: "mesh", hosts: ["reviews.shop.svc.cluster.local"])
    let joins = Self.joins(
      [Self.service("east", "reviews"), store], .unknown("nothing is read"), kinds: ["store": .appMesh])
    #expect(joins.joined.map(\.members.count) == [2])
    #expect(joins.joined.first?.reasons == ["same host reviews.shop.svc"])
  }

  @Test func whichOfTwoMeshesAnotherPlatformMeansIsNotGuessed() {
    let store = Self.service("store", "reviews", in: "mesh", hosts: ["reviews.shop.svc.cluster.local"])
    let joins = Self.joins(
      [Self.service("east", "reviews"), Self.service("west", "reviews"), store], .different("two meshes"),
      kinds: ["store": .appMesh])
    #expect(joins.joined.isEmpty)
    #expect(joins.apart.first?.reasons.contains("which one store means cannot be told") == true)
  }

  @Test func aMirroredServiceIsOneWithWhatItMirrorsAndNotWithItsOwnNeighbour() throws {
    let mirror = Self.service(
      "east", "reviews-west", remote: RemoteService(host: "reviews.shop.svc.cluster.local", cluster: "w1"))
    let services = [mirror, Self.service("east", "reviews"), Self.service("west", "reviews")]
    let joins = Self.joins(services, .unknown("linkerd"), clusters: ["west": "w1"])
    let join = try #require(joins.join(of: mirror.ref))
    #expect(join.members == [mirror.ref, services[2].ref])
    #expect(join.reasons == ["shop/reviews-west mirrors reviews.shop.svc.cluster.local of cluster w1"])
    #expect(joins.join(of: services[1].ref) == nil)
    let lost = Self.joins(services, .unknown("linkerd"))
    #expect(lost.join(of: mirror.ref) == nil)
    #expect(lost.apart.contains { $0.reasons.first?.contains("no plane is known to be") == true })
  }

  @Test func onePlaneHasNothingToJoin() {
    #expect(Self.joins([Self.service("east", "a"), Self.service("east", "b")]).joined.isEmpty)
  }
}
