import Foundation
import MeshKit

/// A file of plans, intents or native objects; `-` is standard input.
struct InputFile {
  let path: String

  /// The largest file read.
  static let limit = 16 << 20

  /// The plans of the file: those in it as they are, and those made of its intents and objects.
  func plans(in deck: Deck, options: GlobalOptions) async throws -> [Plan] {
    var plans: [Plan] = []
    for document in await ordered(try documents(), deck) {
      if document["kind"]?.string == "Plan", document["apiVersion"]?.string == "meshdeck/v1" {
        plans.append(try Plan(json: document))
      } else {
        plans.append(try await deck.plan(try intent(document, deck, options)))
      }
    }
    return plans
  }

  /// The intents of the file.
  func intents(in deck: Deck, options: GlobalOptions) async throws -> [Intent] {
    try await ordered(documents(), deck).map { try intent($0, deck, options) }
  }

  /// The documents in the order in which their planes can make them; Kubernetes' objects as they come, since its API
  /// takes them in any order.
  private func ordered(_ documents: [JSONValue], _ deck: Deck) async -> [JSONValue] {
    func rank(_ document: JSONValue) async -> Int {
      for connection in deck.live.connections {
        guard let ref = connection.control.identity(of: document) else { continue }
        return await connection.control.configurationKinds.firstIndex(of: ref.kind) ?? 0
      }
      return 0
    }
    var ranked: [(rank: Int, offset: Int, document: JSONValue)] = []
    for (offset, document) in documents.enumerated() { ranked.append((await rank(document), offset, document)) }
    return ranked.sorted { ($0.rank, $0.offset) < ($1.rank, $1.offset) }.map(\.document)
  }

  /// The documents of the file; a `List` is its items, a `Description` the object it describes.
  func documents() throws -> [JSONValue] {
    let documents: [JSONValue]
    do { documents = try YAMLObject.documents(try read()) } catch var error as MeshError {
      error.message = "\(path): \(error.message)"
      throw error
    }
    return documents.flatMap { document in
      switch document["kind"]?.string {
      case "List": document["items"]?.array ?? []
      case "Description" where document["apiVersion"]?.string == "meshdeck/v1": [document["object"] ?? .null]
      default: [document]
      }
    }.filter { !$0.isNull }
  }

  private func read() throws -> String {
    let data: Data?
    if path == "-" {
      data = try FileHandle.standardInput.read(upToCount: Self.limit + 1) ?? Data()
    } else {
      guard FileManager.default.fileExists(atPath: path) else {
        throw MeshError(.usage, "there is no file \(path)")
      }
      data = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: Self.limit + 1) ?? Data()
    }
    guard let data else { throw MeshError(.usage, "\(path) cannot be read", remedy: "check its permissions") }
    guard data.count <= Self.limit else { throw MeshError(.usage, "\(path) is larger than 16 MiB") }
    guard let text = String(validating: data, as: UTF8.self) else { throw MeshError(.usage, "\(path) is not UTF-8") }
    return text
  }

  private func intent(_ document: JSONValue, _ deck: Deck, _ options: GlobalOptions) throws -> Intent {
    if document["set"] != nil { return try Intent(json: document) }
    if document["kind"] == nil || document["metadata"] == nil {
      // Objects of planes that name them in their own way, as `get objects` writes them.
      let known = deck.live.connections.filter { options.plane == nil || options.plane == $0.name }
        .compactMap { $0.control.identity(of: document) }
      if known.count == 1 { return .object(ObjectIntent(ref: known[0], json: document)) }
    }
    guard document["kind"]?.string != nil, let name = document["metadata"]?["name"]?.string else {
      throw MeshError(
        .usage, "\(path) holds neither a plan, nor an intent, nor a native object",
        remedy: "an intent has `set`, an object `apiVersion`, `kind` and `metadata.name`")
    }
    let planes = deck.live.connections.map(\.name)
    guard let plane = planes.count == 1 ? planes.first : options.plane else {
      throw MeshError(
        .usage, "there are several planes", remedy: "say which with -p: \(planes.joined(separator: ", "))")
    }
    guard let kind = try deck.connection(plane).control.kind(of: document) else {
      throw MeshError(.usage, "\(path) holds an object without a kind")
    }
    let namespace =
      document["metadata"]?["namespace"]?.string ?? options.namespace ?? deck.defaultNamespace ?? "default"
    var object = document
    if object["metadata"]?["namespace"] == nil, kind != "namespace" {
      object["metadata"]?["namespace"] = .string(namespace)
    }
    return .object(
      ObjectIntent(
        ref: ObjectRef(plane: plane, namespace: namespace, kind: kind, name: name), json: object,
        baseVersion: document["metadata"]?["resourceVersion"]?.string))
  }
}
