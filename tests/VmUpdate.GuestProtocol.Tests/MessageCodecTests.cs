using System.Text;
using System.Text.Json;
using VmUpdate.GuestProtocol.Messages;
using VmUpdate.Simulation.Support;
using Xunit;

namespace VmUpdate.GuestProtocol.Tests;

/// <summary>Messages to lines and back.</summary>
public sealed class MessageCodecTests
{
    private const string Id = "0f8fad5b-d9cb-469f-a165-70867728950e";

    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, Samples.All.Count)];

    [Theory]
    [MemberData(nameof(Indexes))]
    public void Every_message_comes_back_as_it_was(int index)
    {
        GuestMessage message = Samples.All[index];
        byte[] line = MessageCodec.Encode(message);
        Assert.Equal((byte)'\n', line[^1]);
        Assert.Equal(1, line.Count(b => b == '\n'));
        GuestMessage back = MessageCodec.Decode(line.AsMemory(0, line.Length - 1));

        // Records compare lists by reference: the second line says whether all of it is there.
        Assert.Equal(message.GetType(), back.GetType());
        Assert.Equal(Encoding.UTF8.GetString(line), Encoding.UTF8.GetString(MessageCodec.Encode(back)));
    }

    [Fact]
    public void There_is_a_sample_of_every_message() => Assert.Equal(
        typeof(GuestMessage).Assembly.GetTypes().Where(type => type.BaseType == typeof(GuestMessage)).OrderBy(type => type.Name),
        Samples.All.Select(message => message.GetType()).OrderBy(type => type.Name));

    [Fact]
    public void The_schema_names_every_message_and_every_field()
    {
        string path = Path.Combine(RepositoryRoot.Path, "src", "VmUpdate.GuestProtocol", "guest-protocol.schema.json");
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement definitions = schema.RootElement.GetProperty("$defs");
        Assert.Equal(
            Samples.All.Select(message => message.Type).Order(StringComparer.Ordinal),
            definitions.EnumerateObject().Select(definition => definition.Name).Order(StringComparer.Ordinal));
        foreach (GuestMessage message in Samples.All)
        {
            JsonElement definition = definitions.GetProperty(message.Type);
            GuestMessage full = message with { RequestId = "x", Sent = DateTime.UnixEpoch, Deadline = DateTime.UnixEpoch };
            using JsonDocument line = JsonDocument.Parse(MessageCodec.Encode(full));
            Assert.Equal(
                definition.GetProperty("properties").EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal),
                line.RootElement.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
            foreach (string needed in definition.GetProperty("required").EnumerateArray().Select(name => name.GetString()!))
            {
                string without = "{" + string.Join(',', line.RootElement.EnumerateObject().Where(field => field.Name != needed).Select(field => field.ToString())) + "}";
                Assert.Equal(ProtocolDefect.FieldMissing, Defect(without));
            }
        }
    }

    [Theory]
    [InlineData("", ProtocolDefect.NotJson)]
    [InlineData("hello", ProtocolDefect.NotJson)]
    [InlineData("[]", ProtocolDefect.NotJson)]
    [InlineData("{\"type\":\"ping\"} x", ProtocolDefect.NotJson)]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}", ProtocolDefect.NotJson)]
    [InlineData("{}", ProtocolDefect.FieldMissing)]
    [InlineData("{\"type\":7}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"teleport\"}", ProtocolDefect.UnknownType)]
    [InlineData("{\"type\":\"ping\",\"sent\":\"yesterday\"}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"ping\",\"sent\":\"2026-01-01T00:00:00+02:00\"}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"ping\",\"requestId\":\"\\ud800\"}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"queryTask\",\"runId\":\"7\",\"attempt\":1}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"queryTask\",\"runId\":\"" + Id + "\",\"attempt\":0}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"queryTask\",\"runId\":\"" + Id + "\",\"attempt\":1e40}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"payloadPart\",\"of\":\"" + Id + "\",\"offset\":0,\"data\":\"%%%\"}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"hello\",\"oldestVersion\":1,\"newestVersion\":1,\"instructors\":[{\"name\":\"../../etc\"}]}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"hello\",\"oldestVersion\":1,\"newestVersion\":1,\"instructors\":\"all\"}", ProtocolDefect.FieldWrong)]
    [InlineData("{\"type\":\"allowLogons\",\"isAllowed\":\"yes\"}", ProtocolDefect.FieldWrong)]
    public void What_is_no_message_is_refused_with_its_reason(string line, ProtocolDefect expected) => Assert.Equal(expected, Defect(line));

    [Fact]
    public void What_is_too_long_is_refused_and_never_cut()
    {
        Assert.Equal(ProtocolDefect.TooLong, Defect("{\"type\":\"ping\",\"requestId\":\"" + new string('x', 65) + "\"}"));
        Assert.Equal(ProtocolDefect.TooLong, Defect("{\"type\":\"ping\",\"x\":\"" + new string('x', ProtocolLimits.MaxLineLength) + "\"}"));
        string many = string.Join(',', Enumerable.Repeat("{\"name\":\"a\"}", ProtocolLimits.MaxListLength + 1));
        Assert.Equal(ProtocolDefect.TooLong, Defect("{\"type\":\"hello\",\"oldestVersion\":1,\"newestVersion\":1,\"instructors\":[" + many + "]}"));
        var part = new PayloadPart(Guid.Empty, 0, new byte[ProtocolLimits.MaxPartLength]);
        Assert.InRange(MessageCodec.Encode(part).Length, ProtocolLimits.MaxPartLength, ProtocolLimits.MaxLineLength);
        Assert.Throws<GuestProtocolException>(() => MessageCodec.Encode(new PayloadPart(Guid.Empty, 0, new byte[2 * ProtocolLimits.MaxPartLength])));
    }

    [Fact]
    public void Fields_of_a_newer_version_are_passed_over()
    {
        byte[] line = Encoding.UTF8.GetBytes("{\"colour\":{\"is\":[1,2]},\"type\":\"ping\",\"requestId\":\"9\"}");
        Assert.Equal(new Ping { RequestId = "9" }, MessageCodec.Decode(line));
    }

    [Fact]
    public void A_message_of_a_newer_version_says_what_its_answer_is_to_name()
    {
        byte[] line = Encoding.UTF8.GetBytes("{\"type\":\"teleport\",\"requestId\":\"9\"}");
        Assert.Equal("9", Assert.Throws<GuestProtocolException>(() => MessageCodec.Decode(line)).RequestId);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 9, 1)]
    [InlineData(2, 9, null)]
    public void The_greatest_version_that_both_speak_is_spoken(int oldest, int newest, int? expected) =>
        Assert.Equal(expected, ProtocolVersion.Choose(oldest, newest));

    private static ProtocolDefect Defect(string line) =>
        Assert.Throws<GuestProtocolException>(() => MessageCodec.Decode(Encoding.UTF8.GetBytes(line))).Defect;
}
