import MeshModel
import Testing

@testable import MeshEmulator

@Suite struct WritingTests {
  private let weights: [JSONValue] = [
    ["op": "replace", "path": "/spec/http/1/route/0/weight", "value": 70],
    ["op": "replace", "path": "/spec/http/1/route/1/weight", "value": 30],
  ]
  private let jsonPatch = "application/json-patch+json"
  private let mergePatch = "application/merge-patch+json"

  private func revision(_ client: APIClient) async throws -> JSONValue {
    try #require(try await client.send("GET", APIClient.reviews).json["metadata"]?["resourceVersion"])
  }

  @Test func aJSONPatchChangesTheWeightsAndTheOwnersAsRecorded() async throws {
    let client = try APIClient()
    let test: JSONValue = ["op": "test", "path": "/metadata/resourceVersion", "value": try await revision(client)]
    let reply = try await client.send(
      "PATCH", APIClient.reviews, "fieldManager=console", body: .array([test] + weights), type: jsonPatch)
    let recorded = try Recording.object("edit/json-patch.json")
    #expect(reply.status == 200)
    #expect(reply.json["spec"]?.isEquivalent(to: recorded["spec"] ?? .null) == true)
    #expect(reply.json["metadata"]?["generation"]?.int == 2)
    let fields = (reply.json["metadata"]?["managedFields"]?.array ?? []).map {
      [$0["manager"], $0["operation"], $0["fieldsV1"]]
    }
    let expected = (recorded["metadata"]?["managedFields"]?.array ?? []).map {
      [$0["manager"], $0["operation"], $0["fieldsV1"]]
    }
    #expect(fields == expected)
  }

  @Test func aDryRunAnswersTheResultAndKeepsTheObject() async throws {
    let client = try APIClient()
    let before = try await client.send("GET", APIClient.reviews)
    let reply = try await client.send(
      "PATCH", APIClient.reviews, "dryRun=All&fieldManager=console", body: .array(weights), type: jsonPatch)
    #expect(reply.json["spec"]?["http"]?[1]?["route"]?[0]?["weight"]?.int == 70)
    #expect(reply.json["metadata"]?["generation"]?.int == 2)
    #expect(try await client.send("GET", APIClient.reviews).bytes == before.bytes)
    #expect(try await client.create("trial", query: "dryRun=All").status == 201)
    #expect(try await client.send("GET", APIClient.services + "/trial").status == 404)
    #expect(try await client.send("DELETE", APIClient.reviews, "dryRun=All").status == 200)
    #expect(try await client.send("GET", APIClient.reviews).status == 200)
  }

  @Test func refusedWritesAnswerAsRecorded() async throws {
    let client = try APIClient()
    let stale: JSONValue = ["op": "test", "path": "/metadata/resourceVersion", "value": "1"]
    let object = try await client.send("GET", APIClient.reviews).json
    var old = object
    old["metadata"]?["resourceVersion"] = "1"
    let policies = "/apis/security.istio.io/v1/namespaces/payments/peerauthentications/default"
    let rows: [(String, APIClient.Reply)] = [
      (
        "edit/json-patch-stale.json",
        try await client.send("PATCH", APIClient.reviews, body: .array([stale] + weights), type: jsonPatch)
      ),
      ("edit/put-conflict.json", try await client.send("PUT", APIClient.reviews, body: old)),
      (
        "edit/merge-patch-conflict.json",
        try await client.send(
          "PATCH", APIClient.reviews, body: ["metadata": ["resourceVersion": "1"], "spec": ["hosts": ["reviews"]]],
          type: mergePatch)
      ),
      (
        "edit/invalid-mode.json",
        try await client.send("PATCH", policies, body: ["spec": ["mtls": ["mode": "LOOSE"]]], type: mergePatch)
      ),
      (
        "edit/apply-conflict.json",
        try await client.send(
          "PATCH", APIClient.reviews, "fieldManager=other",
          body: [
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": ["name": "reviews", "namespace": "shop"], "spec": ["hosts": ["reviews-x"]],
          ], type: "application/apply-patch+yaml")
      ),
      ("errors/not-found.json", try await client.send("GET", APIClient.services + "/nope")),
      (
        "errors/forbidden.json",
        try await APIClient(anonymous: APIUser(name: "viewer", rules: [])).send(
          "GET", "/apis/networking.istio.io/v1/virtualservices")
      ),
      (
        "errors/unauthorized.json",
        try await APIClient(anonymous: nil).send("GET", "/apis/networking.istio.io/v1/virtualservices")
      ),
    ]
    for (file, reply) in rows {
      let recorded = try Recording.object(file)
      #expect(reply.status == recorded["code"]?.int, "\(file)")
      #expect(reply.json.isEquivalent(to: recorded), "\(file): \(reply.text)")
    }
    let unknown = try await client.send("GET", "/apis/networking.istio.io/v9/virtualservices")
    #expect(unknown.status == 404)
    #expect(unknown.text == "404 page not found\n")
    #expect(unknown.contentType == "text/plain; charset=utf-8")
  }

  @Test func aNegativeWeightIsAcceptedAsTheDefinitionsAllowIt() async throws {
    let client = try APIClient()
    let reply = try await client.send(
      "PATCH", APIClient.reviews, body: [["op": "replace", "path": "/spec/http/1/route/0/weight", "value": -5]],
      type: jsonPatch)
    #expect(reply.status == 200)
    #expect(reply.json["spec"]?["http"]?[1]?["route"]?[0]?["weight"]?.int == -5)
  }

  @Test func aPutWithoutARevisionIsRefusedAndOneWithItReplaces() async throws {
    let client = try APIClient()
    var object = try await client.send("GET", APIClient.reviews).json
    let revision = object["metadata"]?["resourceVersion"]
    object["spec"]?["hosts"] = ["other"]
    object["metadata"]?["resourceVersion"] = nil
    let refused = try await client.send("PUT", APIClient.reviews, body: object)
    #expect(refused.status == 422)
    #expect(refused.json["message"]?.string?.contains("must be specified for an update") == true)
    object["metadata"]?["resourceVersion"] = revision
    #expect(try await client.send("PUT", APIClient.reviews, body: object).status == 200)
  }

  @Test(arguments: [
    ("Strict", 400, false), ("Warn", 201, true), ("Ignore", 201, false),
  ])
  func anUnknownFieldIsTreatedAsAsked(validation: String, status: Int, warns: Bool) async throws {
    let client = try APIClient()
    var object = APIClient.virtualService("extra")
    object["spec"]?["bogus"] = 1
    let reply = try await client.send("POST", APIClient.services, "fieldValidation=\(validation)", body: object)
    #expect(reply.status == status)
    #expect(reply.headers.contains { $0.0 == "Warning" } == warns)
    if status == 400 {
      #expect(reply.json["message"]?.string?.hasSuffix(#"strict decoding error: unknown field "spec.bogus""#) == true)
    } else {
      #expect(reply.json["spec"]?["bogus"] == nil)
    }
  }

  @Test func applyOwnsFieldsGivesThemUpAndTakesThemByForce() async throws {
    let client = try APIClient()
    let type = "application/apply-patch+yaml"
    let path = APIClient.services + "/applied"
    var mine = APIClient.virtualService("applied", labels: ["tier": "web"])
    let created = try await client.send("PATCH", path, "fieldManager=one", body: mine, type: type)
    #expect(created.status == 201)
    let same = try await client.send("PATCH", path, "fieldManager=one", body: mine, type: type)
    #expect(same.json["metadata"]?["resourceVersion"] == created.json["metadata"]?["resourceVersion"])
    var other = mine
    other["spec"]?["hosts"] = ["else"]
    #expect(try await client.send("PATCH", path, "fieldManager=two", body: other, type: type).status == 409)
    let forced = try await client.send("PATCH", path, "fieldManager=two&force=true", body: other, type: type)
    #expect(forced.json["spec"]?["hosts"]?[0]?.string == "else")
    mine["metadata"]?["labels"] = nil
    mine["spec"]?["hosts"] = ["else"]
    let dropped = try await client.send("PATCH", path, "fieldManager=one", body: mine, type: type)
    #expect(dropped.json["metadata"]?["labels"]?["tier"]?.string == "web", "the second applier still owns it")
    #expect(try await client.send("PATCH", path, body: mine, type: type).status == 422)
  }

  @Test func aStrategicMergePatchMergesContainersByNameAndIsRefusedForCustomKinds() async throws {
    let client = try APIClient()
    let type = "application/strategic-merge-patch+json"
    let pod: JSONValue = [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "namespace": "shop"],
      "spec": ["containers": [["name": "a", "image": "a:1"], ["name": "b", "image": "b:1"]]],
    ]
    try client.store.put(pod)
    let path = "/api/v1/namespaces/shop/pods/p"
    let reply = try await client.send(
      "PATCH", path, body: ["spec": ["containers": [["name": "b", "image": "b:2"]]]], type: type)
    let images = reply.json["spec"]?["containers"]?.array?.compactMap { $0["image"]?.string }
    #expect(images == ["a:1", "b:2"])
    #expect(try await client.send("PATCH", APIClient.reviews, body: [:], type: type).status == 415)
  }

  @Test func theStatusIsItsOwnResource() async throws {
    let client = try APIClient()
    let merged = try await client.send(
      "PATCH", APIClient.reviews, body: ["status": ["observedGeneration": 1]], type: mergePatch)
    #expect(merged.json["status"] == nil)
    let reply = try await client.send(
      "PATCH", APIClient.reviews + "/status", body: ["status": ["observedGeneration": "1"], "spec": ["hosts": ["x"]]],
      type: mergePatch)
    #expect(reply.json["status"]?["observedGeneration"]?.string == "1")
    #expect(reply.json["spec"]?["hosts"]?[0]?.string == "reviews")
    #expect(reply.json["metadata"]?["generation"]?.int == 1)
  }

  @Test func deletingHonoursPreconditionsAndFinalizers() async throws {
    let client = try APIClient()
    let refused = try await client.send(
      "DELETE", APIClient.reviews, body: ["preconditions": ["resourceVersion": "1"]])
    #expect(refused.status == 409)
    _ = try await client.send(
      "PATCH", APIClient.reviews, body: ["metadata": ["finalizers": ["a/b"]]], type: mergePatch)
    let marked = try await client.send("DELETE", APIClient.reviews)
    #expect(marked.json["metadata"]?["deletionTimestamp"]?.string != nil)
    _ = try await client.send(
      "PATCH", APIClient.reviews, body: ["metadata": ["finalizers": nil]], type: mergePatch)
    #expect(try await client.send("GET", APIClient.reviews).status == 404)
  }

  @Test func creatingChecksNamespaceNameAndRivals() async throws {
    let client = try APIClient()
    #expect(try await client.create("reviews").status == 409)
    #expect(try await client.create("Not_A_Name").status == 422)
    let nowhere = "/apis/networking.istio.io/v1/namespaces/none/virtualservices"
    #expect(try await client.send("POST", nowhere, body: APIClient.virtualService("x")).status == 404)
    var generated = APIClient.virtualService("x")
    generated["metadata"] = ["generateName": "run-"]
    let reply = try await client.send("POST", APIClient.services, body: generated)
    #expect(reply.status == 201)
    #expect(reply.json["metadata"]?["name"]?.string?.hasPrefix("run-") == true)
  }

  @Test func everyServedVersionReadsTheSameObject() async throws {
    let client = try APIClient()
    for version in ["v1", "v1beta1", "v1alpha3"] {
      let path = "/apis/networking.istio.io/\(version)/namespaces/shop/virtualservices/reviews"
      let reply = try await client.send("GET", path)
      #expect(reply.json["apiVersion"]?.string == "networking.istio.io/\(version)")
      #expect(reply.json["spec"]?["hosts"]?[0]?.string == "reviews")
    }
  }
}
