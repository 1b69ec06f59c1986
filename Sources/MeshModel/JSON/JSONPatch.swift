/// A sequence of operations on a JSON tree (RFC 6902).
public struct JSONPatch: Sendable, Hashable {
  /// One operation.
  public enum Operation: Sendable, Hashable {
    case test(JSONPointer, JSONValue)
    case add(JSONPointer, JSONValue)
    case replace(JSONPointer, JSONValue)
    case remove(JSONPointer)
    case move(from: JSONPointer, to: JSONPointer)
    case copy(from: JSONPointer, to: JSONPointer)
  }

  /// The operations in order.
  public var operations: [Operation]

  /// Creates a patch.
  public init(_ operations: [Operation] = []) { self.operations = operations }

  /// The patch without its `test` operations: what it changes, not what it demands.
  public var changes: [Operation] {
    operations.filter { if case .test = $0 { false } else { true } }
  }
}

/// A patch that cannot be read or applied.
public struct JSONPatchError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: Sendable, Hashable {
    /// A `test` operation found another value.
    case testFailed
    /// A pointer leads nowhere.
    case noSuchValue
    /// The patch is not of RFC 6902's form.
    case malformed
  }

  /// The kind of failure.
  public var code: Code
  /// The pointer it happened at.
  public var pointer: JSONPointer
  /// The index of the operation, from 0.
  public var index: Int

  /// The words shown to an operator.
  public var description: String {
    switch code {
    case .testFailed: "operation \(index): the value at \(pointer) is another than expected"
    case .noSuchValue: "operation \(index): there is no value at \(pointer)"
    case .malformed: "operation \(index) is not a JSON Patch operation"
    }
  }
}

extension JSONPatch {
  /// The tree that results from applying every operation in order; nothing is applied if one fails.
  public func applied(to value: JSONValue) throws(JSONPatchError) -> JSONValue {
    var result = value
    for (index, operation) in operations.enumerated() {
      func fail(_ code: JSONPatchError.Code, _ pointer: JSONPointer) -> JSONPatchError {
        JSONPatchError(code: code, pointer: pointer, index: index)
      }
      switch operation {
      case .test(let pointer, let expected):
        guard let found = result[pointer], found.isEquivalent(to: expected) else { throw fail(.testFailed, pointer) }
      case .add(let pointer, let value):
        guard result.insert(value, at: pointer.tokens[...]) else { throw fail(.noSuchValue, pointer) }
      case .replace(let pointer, let value):
        guard result[pointer] != nil, result.set(value, at: pointer.tokens[...]) else {
          throw fail(.noSuchValue, pointer)
        }
      case .remove(let pointer):
        guard result[pointer] != nil, result.set(nil, at: pointer.tokens[...]) else {
          throw fail(.noSuchValue, pointer)
        }
      case .move(let from, let to):
        guard let moved = result[from], result.set(nil, at: from.tokens[...]) else { throw fail(.noSuchValue, from) }
        guard result.insert(moved, at: to.tokens[...]) else { throw fail(.noSuchValue, to) }
      case .copy(let from, let to):
        guard let copied = result[from] else { throw fail(.noSuchValue, from) }
        guard result.insert(copied, at: to.tokens[...]) else { throw fail(.noSuchValue, to) }
      }
    }
    return result
  }

  /// The patch as its JSON form.
  public var json: JSONValue {
    .array(
      operations.map { operation in
        switch operation {
        case .test(let path, let value): ["op": "test", "path": .string(path.description), "value": value]
        case .add(let path, let value): ["op": "add", "path": .string(path.description), "value": value]
        case .replace(let path, let value): ["op": "replace", "path": .string(path.description), "value": value]
        case .remove(let path): ["op": "remove", "path": .string(path.description)]
        case .move(let from, let to):
          ["op": "move", "from": .string(from.description), "path": .string(to.description)]
        case .copy(let from, let to):
          ["op": "copy", "from": .string(from.description), "path": .string(to.description)]
        }
      })
  }

  /// Reads a patch from its JSON form.
  public init(json: JSONValue) throws(JSONPatchError) {
    operations = []
    for (index, item) in (json.array ?? [.null]).enumerated() {
      let malformed = JSONPatchError(code: .malformed, pointer: JSONPointer(), index: index)
      guard let path = item["path"]?.string.flatMap({ JSONPointer($0) }) else { throw malformed }
      let from = item["from"]?.string.flatMap { JSONPointer($0) }
      switch (item["op"]?.string, item["value"], from) {
      case ("test", let value?, _): operations.append(.test(path, value))
      case ("add", let value?, _): operations.append(.add(path, value))
      case ("replace", let value?, _): operations.append(.replace(path, value))
      case ("remove", _, _): operations.append(.remove(path))
      case ("move", _, let from?): operations.append(.move(from: from, to: path))
      case ("copy", _, let from?): operations.append(.copy(from: from, to: path))
      default: throw malformed
      }
    }
  }
}

extension JSONValue {
  /// Applies a merge patch (RFC 7386): members replace, `null` removes, arrays are replaced whole.
  public func merging(_ patch: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var result = object ?? JSONObject()
    for member in changes.members {
      if member.value.isNull {
        result[member.name] = nil
      } else {
        result[member.name] = (result[member.name] ?? .null).merging(member.value)
      }
    }
    return .object(result)
  }

  /// Sets or removes the value at a path that exists; false where the path leads nowhere.
  mutating func set(_ value: JSONValue?, at path: ArraySlice<String>) -> Bool {
    guard !path.isEmpty else {
      self = value ?? .null
      return true
    }
    return change(at: path) { container, token in
      switch container {
      case .object(var object):
        object[token] = value
        container = .object(object)
      case .array(var items):
        guard let index = JSONValue.index(token), items.indices.contains(index) else { return false }
        if let value { items[index] = value } else { items.remove(at: index) }
        container = .array(items)
      default: return false
      }
      return true
    }
  }

  /// Adds a value as RFC 6902 §4.1 has it: a member set, an element inserted, `-` appended.
  mutating func insert(_ value: JSONValue, at path: ArraySlice<String>) -> Bool {
    guard !path.isEmpty else {
      self = value
      return true
    }
    return change(at: path) { container, token in
      switch container {
      case .object(var object):
        object[token] = value
        container = .object(object)
      case .array(var items):
        let index = token == "-" ? items.count : JSONValue.index(token) ?? -1
        guard (0...items.count).contains(index) else { return false }
        items.insert(value, at: index)
        container = .array(items)
      default: return false
      }
      return true
    }
  }

  /// Changes the object or array that the last token of a path speaks of; false where the path leads nowhere.
  private mutating func change(
    at path: ArraySlice<String>, _ change: (_ container: inout JSONValue, _ token: String) -> Bool
  ) -> Bool {
    guard let token = path.first else { return false }
    let rest = path.dropFirst()
    guard !rest.isEmpty else { return change(&self, token) }
    switch self {
    case .object(var object):
      guard var child = object[token], child.change(at: rest, change) else { return false }
      object[token] = child
      self = .object(object)
    case .array(var items):
      guard let index = JSONValue.index(token), items.indices.contains(index), items[index].change(at: rest, change)
      else { return false }
      self = .array(items)
    default: return false
    }
    return true
  }
}
