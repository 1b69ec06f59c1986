import Foundation
import MeshKit
import Yams

/// A file of plans, intents or native objects; `-` is standard input.
struct InputFile {
  let path: String

  /// The largest file read.
  static let limit = 16 << 20

  /// The plans of the file: those in it as they are, and those made of its intents and objects.
  func plans(in deck: Deck, options: GlobalOptions) async throws -> [Plan] {
    var plans: [Plan] = []
    for document in try documents() {
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
    try documents().map { try intent($0, deck, options) }
  }

  /// The documents of the file; a `List` is its items.
  func documents() throws -> [JSONValue] {
    let documents = try YAMLDocument.composeAll(try read(), from: path == "-" ? "standard input" : path)
      .map { try YAMLNode.json($0) }
    return documents.flatMap { document in
      document["kind"]?.string == "List" ? document["items"]?.array ?? [] : [document]
    }.filter { !$0.isNull }
  }

  private func read() throws -> [UInt8] {
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
    return [UInt8](data)
  }

  private func intent(_ document: JSONValue, _ deck: Deck, _ options: GlobalOptions) throws -> Intent {
    if document["set"] != nil { return try Intent(json: document) }
    guard let kind = document["kind"]?.string, let name = document["metadata"]?["name"]?.string else {
      throw MeshError(
        .usage, "\(path) holds neither a plan, nor an intent, nor a native object",
        remedy: "an intent has `set`, an object `apiVersion`, `kind` and `metadata.name`")
    }
    let planes = deck.live.connections.map(\.name)
    guard let plane = planes.count == 1 ? planes.first : options.plane else {
      throw MeshError(.usage, "there are several planes", remedy: "say which with -p: \(planes.joined(separator: ", "))")
    }
    let namespace = document["metadata"]?["namespace"]?.string ?? options.namespace ?? deck.defaultNamespace ?? "default"
    var object = document
    if object["metadata"]?["namespace"] == nil, kind != "Namespace" {
      object["metadata"]?["namespace"] = .string(namespace)
    }
    return .object(
      ObjectIntent(
        ref: ObjectRef(plane: plane, namespace: namespace, kind: kind.lowercased(), name: name), json: object,
        baseVersion: document["metadata"]?["resourceVersion"]?.string))
  }
}

/// A YAML node as JSON, by YAML 1.2's core schema as far as Kubernetes uses it.
enum YAMLNode {
  static func json(_ node: Node, depth: Int = 0) throws -> JSONValue {
    guard depth < 64 else { throw MeshError(.usage, "the YAML is nested deeper than 64 levels") }
    switch node {
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, value) in mapping {
        guard let name = key.scalar?.string else {
          throw MeshError(.usage, "line \(key.mark?.line ?? 0): a field's name is expected")
        }
        object[name] = try json(value, depth: depth + 1)
      }
      return .object(object)
    case .sequence(let sequence): return .array(try sequence.map { try json($0, depth: depth + 1) })
    case .scalar(let scalar):
      guard scalar.style == .plain else { return .string(scalar.string) }
      switch scalar.string {
      case "", "~", "null", "Null", "NULL": return .null
      case "true", "True", "TRUE": return .bool(true)
      case "false", "False", "FALSE": return .bool(false)
      default:
        let number = try? JSONValue(parsing: scalar.string)
        if case .number? = number, let number { return number }
        return .string(scalar.string)
      }
    case .alias: throw MeshError(.usage, "YAML aliases are not read")
    }
  }
}
