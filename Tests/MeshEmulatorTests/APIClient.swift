import Foundation
import MeshModel

@testable import MeshEmulator

/// A server without a socket, with the objects the recordings were made of.
struct APIClient {
  let store: ObjectStore
  let server: KubernetesAPIServer
  let faults = Faults()

  init(window: Int = 1_000, anonymous: APIUser? = .admin, behind: @escaping PlainHandler = { _ in nil }) throws {
    store = ObjectStore(window: window)
    for name in ["shop", "payments", "default"] {
      try store.put([
        "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)], "status": ["phase": "Active"],
      ])
    }
    try store.put(try Recording.object("object/reviews.json"), manager: "scenario")
    for item in try Recording.object("istio/peerauthentications.v1.json")["items"]?.array ?? [] {
      try store.put(item, manager: "scenario")
    }
    server = try KubernetesAPIServer(store: store, anonymous: anonymous, faults: faults, behind: behind)
  }

  struct Reply {
    var status: Int
    var contentType: String
    var headers: [(String, String)]
    var bytes: [UInt8]
    var json: JSONValue { (try? JSONValue(parsing: bytes)) ?? .null }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    /// The lines of a watch.
    var lines: [JSONValue] {
      bytes.split(separator: 0x0A).compactMap { try? JSONValue(parsing: Array($0)) }
    }
  }

  /// Sends a request; a watch is read to its end.
  func send(
    _ method: String, _ path: String, _ query: String = "", body: JSONValue? = nil, type: String = "application/json",
    accept: String = "application/json", token: String? = nil
  ) async throws -> Reply {
    let request = APIRequest(
      method, path, query: query, accept: accept, contentType: body == nil ? "" : type, token: token,
      body: body.map { JSONWriter.bytes($0) } ?? [])
    var answer: APIAnswer
    do {
      answer = try await server.answer(to: request)
    } catch let status as APIStatus {
      answer = APIAnswer(status)
    }
    var bytes: [UInt8] = []
    switch answer.body {
    case .bytes(let sent): bytes = sent
    case .watch(let stream):
      var iterator = stream.makeAsyncIterator()
      while let chunk = try await iterator.nextBuffer(suggested: 4_096) { bytes += chunk }
    }
    return Reply(status: answer.status, contentType: answer.contentType, headers: answer.headers, bytes: bytes)
  }

  static let services = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices"
  static let reviews = services + "/reviews"

  func create(_ name: String, labels: JSONValue = [:], query: String = "") async throws -> Reply {
    try await send("POST", Self.services, query, body: Self.virtualService(name, labels: labels))
  }

  static func virtualService(_ name: String, labels: JSONValue = [:]) -> JSONValue {
    [
      "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
      "metadata": ["name": .string(name), "labels": labels],
      "spec": [
        "hosts": [.string(name)], "http": [["route": [["destination": ["host": .string(name)], "weight": 100]]]],
      ],
    ]
  }
}

/// Answers of a real API server, under `Fixtures/Recordings/kubernetes`.
enum Recording {
  static func object(_ path: String) throws -> JSONValue { try JSONValue(parsing: bytes(path)) }

  static func bytes(_ path: String) throws -> [UInt8] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return Array(try Data(contentsOf: root.appending(path: "Fixtures/Recordings/kubernetes/\(path)")))
  }
}
