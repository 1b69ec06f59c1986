public import MeshModel

/// Whole-object writes for whoever embeds the store: scenarios, simulations, tests.
extension ObjectStore {
  /// Creates an object or replaces the one of its name, keeping its identity; equal content writes nothing.
  ///
  /// - Parameters:
  ///   - object: The object with `apiVersion`, `kind` and `metadata.name`.
  ///   - manager: The field manager to record as the applier of every field; none is recorded where `nil`.
  /// - Throws: ``StoreError`` of code `malformed` where the kind is not served or there is no name.
  @discardableResult
  public func put(_ object: JSONValue, manager: String? = nil) throws(StoreError) -> StoredObject {
    let (type, namespace, name) = try identify(object)
    let written = try transact(type.id, namespace: namespace, name: name) { current throws(StoreError) in
      var value = object
      if let current {
        let old = current.json
        value.inheritIdentity(from: old)
        value["metadata"]?["resourceVersion"] = old["metadata"]?["resourceVersion"]
        if manager == nil { value["metadata"]?["managedFields"] = old["metadata"]?["managedFields"] }
        value.countGeneration(from: old, type: type)
        if value.withoutEnvelope.isEquivalent(to: old) { return .nothing }
      } else {
        value.becomeNew(type: type, time: timestamp)
      }
      if let manager { value.recordApplier(manager, of: type, apiVersion: object["apiVersion"], time: timestamp) }
      return .write(value)
    }
    guard let written else { throw StoreError(.malformed, "\(type.id) \(name)") }
    return written
  }

  /// Creates an object.
  ///
  /// - Throws: ``StoreError`` of code `alreadyExists`, or `malformed` as ``put(_:manager:)``.
  @discardableResult
  public func create(_ object: JSONValue, manager: String? = nil) throws(StoreError) -> StoredObject {
    let (type, namespace, name) = try identify(object)
    let written = try transact(type.id, namespace: namespace, name: name) { current throws(StoreError) in
      guard current == nil else { throw StoreError(.alreadyExists, "\(type.id) \"\(name)\"") }
      var value = object
      value.becomeNew(type: type, time: timestamp)
      if let manager { value.recordApplier(manager, of: type, apiVersion: object["apiVersion"], time: timestamp) }
      return .write(value)
    }
    guard let written else { throw StoreError(.malformed, "\(type.id) \(name)") }
    return written
  }

  /// Changes an object in place, as a controller does with a status.
  ///
  /// `change` runs while the store is locked: it must not use the store.
  ///
  /// - Throws: ``StoreError`` of code `notFound`.
  @discardableResult
  public func update(
    _ resource: ResourceID, namespace: String = "", name: String, _ change: (inout JSONValue) -> Void
  ) throws(StoreError) -> StoredObject {
    guard let type = types[resource] else { throw StoreError(.malformed, "\(resource)") }
    let written = try transact(resource, namespace: namespace, name: name) { current throws(StoreError) in
      guard let current else { throw StoreError(.notFound, "\(resource) \"\(name)\"") }
      let old = current.json
      var value = old
      change(&value)
      value.inheritIdentity(from: old)
      value["metadata"]?["resourceVersion"] = old["metadata"]?["resourceVersion"]
      value.countGeneration(from: old, type: type)
      return value == old ? .nothing : .write(value)
    }
    guard let written else { throw StoreError(.notFound, "\(resource) \"\(name)\"") }
    return written
  }

  /// Deletes an object.
  ///
  /// - Throws: ``StoreError`` of code `notFound`.
  public func delete(_ resource: ResourceID, namespace: String = "", name: String) throws(StoreError) {
    _ = try transact(resource, namespace: namespace, name: name) { current throws(StoreError) in
      guard current != nil else { throw StoreError(.notFound, "\(resource) \"\(name)\"") }
      return .delete
    }
  }

  private func identify(_ object: JSONValue) throws(StoreError) -> (ResourceType, namespace: String, name: String) {
    let kind = object["kind"]?.string ?? ""
    guard let type = types.type(apiVersion: object["apiVersion"]?.string ?? "", kind: kind),
      let name = object["metadata"]?["name"]?.string, !name.isEmpty
    else { throw StoreError(.malformed, "\(kind) \(object["metadata"]?["name"]?.string ?? "")") }
    return (type, type.isNamespaced ? object["metadata"]?["namespace"]?.string ?? "default" : "", name)
  }
}
