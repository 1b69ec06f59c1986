public import MeshModel
import MeshTelemetry

/// A thing that has a place in the JSON contract (`apiVersion: meshdeck/v1`).
public protocol ContractItem: Sendable {
  /// Writes the item's fields as one JSON object.
  func write(to writer: inout JSONWriter)
}

/// A list of the contract, written item by item, so that a long list never stands in memory as text.
public struct ListWriter: Sendable {
  private var writer: JSONWriter

  /// Begins a list of a kind, such as `SplitList`.
  public init(kind: String) {
    writer = JSONWriter(indent: 2)
    writer.beginObject()
    writer.member("apiVersion", "meshdeck/v1")
    writer.member("kind", kind)
    writer.name("items")
    writer.beginArray()
  }

  /// Writes an item.
  public mutating func append(_ item: some ContractItem) { item.write(to: &writer) }

  /// The bytes written and not handed on yet.
  public var count: Int { writer.count }

  /// Hands on what was written so far.
  public mutating func drain<Failure: Error>(
    into receive: (ArraySlice<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    try writer.drain(into: receive)
  }

  /// Ends the list with the planes it was read from and takes the rest; a plane that failed is named with its error. Of
  /// findings it also tells how many are ignored; of a list with measured numbers, how each plane's were come by.
  public mutating func finish(
    _ planes: [PlaneStatus], ignored: Int? = nil, measured view: MeshView? = nil
  ) -> [UInt8] {
    writer.endArray()
    if let ignored { writer.member("ignored", ignored) }
    writer.planes(planes, measured: view)
    writer.endObject()
    return writer.drain() + [0x0A]
  }
}

extension MeshView {
  /// Writes `measured{source window at sampleAge failure queries[id text purpose]}` of a plane: how the numbers of its
  /// rows were come by. `at` is when they were measured, `window` and `sampleAge` are seconds; the numbers' sizes are the
  /// rows' `n`.
  fileprivate func writeMeasured(on plane: PlaneName, to writer: inout JSONWriter) {
    writer.name("measured")
    writer.object { writer in
      guard case .known(let report, let source, let at) = traffic(on: plane) else {
        return writer.member("unknown", traffic(on: plane).reason)
      }
      writer.member("source", source)
      writer.member("window", report.window)
      writer.member("at", at.rfc3339)
      writer.member("sampleAge", report.sampleAge)
      writer.member("failure", measuringFailures[plane])
      writer.name("queries")
      writer.array { writer in
        for query in report.queries {
          writer.object { writer in
            writer.member("id", query.id)
            writer.member("text", query.text)
            writer.member("purpose", query.purpose)
          }
        }
      }
    }
  }
}

extension JSONWriter {
  /// Writes the planes something was read from; one that failed is named with its error. Of what has measured numbers it
  /// also tells how each plane's were come by.
  mutating func planes(_ planes: [PlaneStatus], measured view: MeshView? = nil) {
    name("planes")
    array { writer in
      for status in planes {
        writer.object { writer in
          writer.member("name", status.plane.name)
          writer.member("state", status.state.rawValue)
          writer.promised("error", status.error)
          writer.member("staleSince", status.staleSince?.rfc3339)
          view?.writeMeasured(on: status.plane.name, to: &writer)
        }
      }
    }
  }

  /// Writes a member that is known, or `{"unknown": reason}` in its place.
  mutating func member<Value>(_ name: String, _ known: Known<Value>, _ body: (Value, inout JSONWriter) -> Void) {
    self.name(name)
    object { writer in
      switch known {
      case .known(let value, _, _): body(value, &writer)
      case .unknown(let reason): writer.member("unknown", reason)
      }
    }
  }

  /// Writes a member the contract promises: `null` where it has no value, such as the error of a plane that has none.
  mutating func promised(_ name: String, _ value: JSONValue?) {
    self.name(name)
    self.value(value ?? .null)
  }

  /// Writes a member the contract promises, a number.
  mutating func promised(_ name: String, _ value: Double?) {
    self.name(name)
    if let value { number(value) } else { raw("null") }
  }

  /// Writes a member the contract promises, a whole number.
  mutating func promised(_ name: String, _ value: Int?) {
    self.name(name)
    raw(value.map { String($0) } ?? "null")
  }

  /// Writes a member the contract promises, a text.
  mutating func promised(_ name: String, _ value: String?) {
    self.name(name)
    if let value { string(value) } else { raw("null") }
  }

  /// Writes a member that is measured, a number, or why it is not known.
  mutating func measured(_ name: String, _ value: Double?, else reason: String) {
    guard let value else {
      self.name(name)
      return object { $0.member("unknown", reason) }
    }
    member(name, value)
  }

  /// Writes an array of strings.
  mutating func strings(_ name: String, _ values: some Sequence<String>) {
    self.name(name)
    array { writer in for value in values { writer.string(value) } }
  }
}
