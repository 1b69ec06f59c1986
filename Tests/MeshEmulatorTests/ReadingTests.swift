import MeshModel
import Testing

@testable import MeshEmulator

@Suite struct ReadingTests {
  private let all = "/apis/networking.istio.io/v1/virtualservices"

  private func names(_ reply: APIClient.Reply) -> [String] {
    (reply.json["items"]?.array ?? []).compactMap { $0["metadata"]?["name"]?.string }
  }

  @Test func pagesSeeTheStateOfTheFirstOne() async throws {
    let client = try APIClient()
    for name in ["a", "b", "c", "d"] { _ = try await client.create(name) }
    let first = try await client.send("GET", all, "limit=2")
    #expect(names(first) == ["a", "b"])
    #expect(first.json["metadata"]?["remainingItemCount"]?.int == 3)
    let token = try #require(first.json["metadata"]?["continue"]?.string)
    _ = try await client.send("DELETE", APIClient.services + "/c")
    _ = try await client.create("bb")
    let second = try await client.send("GET", all, "limit=9&continue=\(token)")
    #expect(names(second) == ["c", "d", "reviews"])
    #expect(second.json["metadata"]?["resourceVersion"] == first.json["metadata"]?["resourceVersion"])
    client.store.forgetSnapshots()
    let gone = try await client.send("GET", all, "limit=9&continue=\(token)")
    #expect(gone.status == 410)
    #expect(gone.json["reason"]?.string == "Expired")
    let inconsistent = try #require(gone.json["metadata"]?["continue"]?.string)
    let rest = try await client.send("GET", all, "continue=\(inconsistent)")
    #expect(names(rest) == ["bb", "d", "reviews"])
  }

  @Test func aListFromTheCacheHasNoPages() async throws {
    let client = try APIClient()
    for name in ["a", "b"] { _ = try await client.create(name) }
    #expect(names(try await client.send("GET", all, "limit=1&resourceVersion=0")) == ["a", "b", "reviews"])
    let none = try await client.send("GET", all, "fieldSelector=metadata.name%3D-&resourceVersion=0")
    #expect(names(none) == [])
    #expect(none.json["metadata"]?["resourceVersion"]?.string == String(client.store.resourceVersion))
  }

  @Test(arguments: [
    ("continue=garbage", 400), ("resourceVersion=x", 400), ("resourceVersion=999999", 504), ("resourceVersion=0", 200),
    ("labelSelector=a%20in%20(b", 400), ("fieldSelector=spec.host%3Dx", 400), ("limit=x", 400),
    ("resourceVersion=1&resourceVersionMatch=Exact", 410),
  ])
  func oddQueriesAreAnsweredAsAServerDoes(query: String, status: Int) async throws {
    #expect(try await APIClient().send("GET", all, query).status == status)
  }

  @Test(arguments: [
    ("labelSelector=tier%3Dweb", ["one"]), ("labelSelector=tier%20in%20(web,db)", ["one", "two"]),
    ("labelSelector=!tier", ["reviews"]), ("labelSelector=tier!%3Dweb", ["reviews", "two"]),
    ("labelSelector=tier", ["one", "two"]), ("fieldSelector=metadata.name%3Dtwo", ["two"]),
    ("fieldSelector=metadata.namespace!%3Dshop", []), ("labelSelector=tier%20notin%20(web),tier", ["two"]),
  ])
  func selectorsChoose(query: String, expected: [String]) async throws {
    let client = try APIClient()
    _ = try await client.create("one", labels: ["tier": "web"])
    _ = try await client.create("two", labels: ["tier": "db"])
    let reply = try await client.send("GET", all, query)
    #expect(names(reply) == expected)
  }

  @Test func answersTakeTheFormAskedFor() async throws {
    let client = try APIClient()
    let table = try await client.send(
      "GET", all, accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
    #expect(table.json["kind"]?.string == "Table")
    #expect(
      table.json["columnDefinitions"]?.array?.compactMap { $0["name"]?.string } == ["Name", "Gateways", "Hosts", "Age"])
    let cells = table.json["rows"]?[0]?["cells"]?.array ?? []
    #expect(cells.prefix(3) == ["reviews", nil, #"["reviews"]"#])
    let partial = try await client.send(
      "GET", all, accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
    #expect(partial.json["items"]?[0]?["kind"]?.string == "PartialObjectMetadata")
    #expect(partial.json["items"]?[0]?["spec"] == nil)
    #expect(try await client.send("GET", all, accept: "text/html").status == 406)
  }

  @Test func aWatchTellsWhatHappensAndEnds() async throws {
    let client = try APIClient()
    let start = client.store.resourceVersion
    _ = try await client.create("new")
    _ = try await client.send("DELETE", APIClient.services + "/new")
    try client.store.put(["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c", "namespace": "shop"]])
    let reply = try await client.send("GET", all, "watch=1&resourceVersion=\(start)&timeoutSeconds=1")
    #expect(reply.lines.map { $0["type"]?.string } == ["ADDED", "DELETED"])
    let revisions = reply.lines.compactMap { $0["object"]?["metadata"]?["resourceVersion"]?.string.flatMap { Int($0) } }
    #expect(revisions == [start + 1, start + 2])
  }

  @Test func aWatchWithASelectorTellsOfObjectsThatStopMatching() async throws {
    let client = try APIClient()
    _ = try await client.create("one", labels: ["tier": "web"])
    let start = client.store.resourceVersion
    _ = try await client.send(
      "PATCH", APIClient.services + "/one", body: ["metadata": ["labels": ["tier": "db"]]],
      type: "application/merge-patch+json")
    let reply = try await client.send(
      "GET", all, "watch=1&resourceVersion=\(start)&labelSelector=tier%3Dweb&timeoutSeconds=1")
    #expect(reply.lines.map { $0["type"]?.string } == ["DELETED"])
  }

  @Test func aStreamingListEndsWithTheAnnotatedBookmark() async throws {
    let client = try APIClient()
    let reply = try await client.send(
      "GET", all,
      "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1")
    #expect(reply.lines.map { $0["type"]?.string } == ["ADDED", "BOOKMARK"])
    let annotations = reply.lines.last?["object"]?["metadata"]?["annotations"]
    #expect(annotations?["k8s.io/initial-events-end"]?.string == "true")
  }

  @Test func aWatchFromBeforeTheLogIsToldSoInItsFirstLine() async throws {
    let client = try APIClient(window: 2)
    for name in ["a", "b", "c", "d", "e"] { _ = try await client.create(name) }
    let reply = try await client.send("GET", all, "watch=1&resourceVersion=1&timeoutSeconds=1")
    #expect(reply.status == 200)
    #expect(reply.lines.map { $0["type"]?.string } == ["ERROR"])
    #expect(reply.lines.first?["object"]?["code"]?.int == 410)
    #expect(reply.lines.first?["object"]?["reason"]?.string == "Expired")
  }

  @Test func discoveryListsTheKindsInBothForms() async throws {
    let client = try APIClient()
    let groups = try await client.send("GET", "/apis").json["groups"]?.array ?? []
    let istio = groups.first { $0["name"]?.string == "networking.istio.io" }
    #expect(istio?["versions"]?.array?.compactMap { $0["version"]?.string } == ["v1", "v1beta1", "v1alpha3"])
    let listed = try await client.send("GET", "/apis/networking.istio.io/v1").json["resources"]?.array ?? []
    #expect(listed.contains { $0["name"]?.string == "virtualservices/status" })
    let aggregated = try await client.send(
      "GET", "/apis", accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json")
    #expect(aggregated.json["kind"]?.string == "APIGroupDiscoveryList")
    #expect(aggregated.contentType == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
  }

  @Test(arguments: [("admin", true), ("viewer", false)])
  func accessReviewsSayWhatTheServerDoes(token: String, allowed: Bool) async throws {
    let client = try APIClient()
    let review: JSONValue = [
      "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
      "spec": [
        "resourceAttributes": [
          "group": "networking.istio.io", "resource": "virtualservices", "verb": "patch", "namespace": "shop",
        ]
      ],
    ]
    let reply = try await client.send(
      "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body: review, token: token)
    #expect(reply.status == 201)
    #expect(reply.json["status"]?["allowed"]?.bool == allowed)
    let write = try await client.send(
      "PATCH", APIClient.reviews, body: ["spec": ["hosts": ["x"]]], type: "application/merge-patch+json", token: token)
    #expect(write.status == (allowed ? 200 : 403))
    #expect(try await client.send("GET", all, token: "unknown").status == 401)
  }

  @Test func thePodProxyHandsOnWhatFollowsIt() async throws {
    let client = try APIClient(behind: { request in
      PlainAnswer(contentType: "text/plain", body: Array("\(request.target) \(request.path)".utf8))
    })
    try client.store.put(["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "namespace": "shop"]])
    let reply = try await client.send("GET", "/api/v1/namespaces/shop/pods/p:15000/proxy/a%2Fb/proxy/c")
    #expect(reply.text == #"pod(namespace: "shop", name: "p", port: "15000") /a%2Fb/proxy/c"#)
    #expect(try await client.send("GET", "/api/v1/namespaces/shop/pods/q:1/proxy/").status == 404)
  }
}
