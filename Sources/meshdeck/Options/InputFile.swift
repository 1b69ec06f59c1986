import Foundation
import MeshKit

/// A file of plans, intents or native objects, or a folder of such files; `-` is standard input.
struct InputFile {
  let path: String

  /// The path that means standard input.
  static let standardInput = "-"
  /// The largest file read.
  static let limit = 16 << 20

  /// The plans of the file, one a plane: what is in it as plans, weighed anew, and what comes of its intents and objects
  /// together.
  func plans(in deck: Deck, options: GlobalOptions) async throws -> [Plan] {
    var made: [Plan] = []
    var intents: [Intent] = []
    for document in try documents() {
      if document["kind"]?.string == "Plan", document["apiVersion"]?.string == "meshdeck/v1" {
        made.append(try await deck.weighed(try Plan(json: document)))
      } else {
        intents.append(try intent(document, deck, options))
      }
    }
    var plans: [Plan] = []
    for plane in Set(made.map(\.intent.plane) + intents.map(\.plane)).sorted() {
      var own = made.filter { $0.intent.plane == plane }
      let wanted = intents.filter { $0.plane == plane }
      if !wanted.isEmpty { own.append(try await deck.plan(wanted)) }
      if let plan = try Plan.joined(own) { plans.append(plan) }
    }
    return plans
  }

  /// The documents of the file, or of a folder's files in the order of their names; a `List` is its items, a `Description`
  /// the object it describes.
  func documents() throws -> [JSONValue] {
    var isFolder: ObjCBool = false
    if path != Self.standardInput, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
      isFolder.boolValue
    {
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        .filter { name in [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) } }
      guard !names.isEmpty else {
        throw MeshError(.usage, "the folder \(path) has no YAML or JSON file that can be read")
      }
      return try names.flatMap { try InputFile(path: "\(path)/\($0)").documents() }
    }
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
    if path == Self.standardInput {
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
