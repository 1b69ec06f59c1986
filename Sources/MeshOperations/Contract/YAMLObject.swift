public import MeshModel
import Yams

/// Native objects written as YAML, read with the core schema and nothing beyond it.
public enum YAMLObject {
  /// The one object of a text.
  ///
  /// - Throws: `.usage`, naming the line where the text is no YAML or holds what JSON cannot.
  public static func read(_ text: String) throws(MeshError) -> JSONValue {
    let documents = try documents(text)
    guard documents.count == 1, let value = documents.first else {
      throw MeshError(
        .usage, documents.isEmpty ? "the text is empty" : "one object is expected, not \(documents.count)")
    }
    guard case .object = value else {
      throw MeshError(.usage, "a native object is a mapping", remedy: "begin with apiVersion:")
    }
    return value
  }

  /// The documents of a text, such as a file of several objects or of JSON.
  ///
  /// - Throws: `.usage`, naming the line where the text is no YAML or holds what JSON cannot.
  public static func documents(_ text: String) throws(MeshError) -> [JSONValue] {
    // JSON is read as JSON: YAML's idea of it lacks surrogate pairs.
    if let first = text.first(where: { !$0.isWhitespace }), first == "{" || first == "[",
      let json = try? JSONValue(parsing: text)
    {
      return [json]
    }
    var documents: [JSONValue] = []
    // Nothing that is written out has more values than characters: what has is multiplied by aliases.
    var budget = 2 * text.utf8.count + 16
    do {
      // The sequence ends at a fault and keeps it: it has to be asked.
      var nodes = try Yams.compose_all(yaml: text, .basic)
      while let node = nodes.next() { documents.append(try value(node, depth: 0, budget: &budget)) }
      if let error = nodes.error { throw error }
    } catch let error as MeshError {
      throw error
    } catch {
      let words: String
      switch error as? YamlError {
      case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
        .composer(_, let problem, let mark, _)?:
        words = "line \(mark.line), column \(mark.column): \(problem)"
      default: words = String("\(error)".split(separator: "\n").joined(separator: " ").prefix(300))
      }
      throw MeshError(.usage, "this is neither YAML nor JSON: \(words)", remedy: "mind quotes and indentation")
    }
    return documents
  }

  /// A part of a composed document as a value.
  static func value(_ node: Node) throws(MeshError) -> JSONValue {
    var budget = 1 << 20
    return try value(node, depth: 0, budget: &budget)
  }

  private static func value(_ node: Node, depth: Int, budget: inout Int) throws(MeshError) -> JSONValue {
    budget -= 1
    guard budget >= 0 else { throw MeshError(.usage, "aliases multiply the text beyond its own size") }
    guard depth < 128 else { throw MeshError(.usage, "the text is nested too deeply") }
    switch node {
    case .mapping(let mapping):
      var members: [JSONObject.Member] = []
      for (key, inner) in mapping {
        guard case .scalar(let name) = key else { throw fault(key, "a name that is no text") }
        members.append(JSONObject.Member(name: name.string, value: try value(inner, depth: depth + 1, budget: &budget)))
      }
      return .object(JSONObject(members))
    case .sequence(let sequence):
      var items: [JSONValue] = []
      for item in sequence { items.append(try value(item, depth: depth + 1, budget: &budget)) }
      return .array(items)
    case .scalar(let scalar): return self.scalar(scalar)
    case .alias: throw fault(node, "an alias is not resolved here")
    }
  }

  /// The core schema: quoted scalars are text, plain ones may be null, a truth value or a number.
  private static func scalar(_ scalar: Node.Scalar) -> JSONValue {
    guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
    switch scalar.string {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case let text:
      if let first = text.utf8.first, first == 0x2D || (0x30...0x39).contains(first),
        let number = try? JSONValue(parsing: Array(text.utf8)), case .number = number
      {
        return number
      }
      return .string(text)
    }
  }

  private static func fault(_ node: Node, _ what: String) -> MeshError {
    MeshError(.usage, "line \(node.mark?.line ?? 0): \(what)")
  }
}
