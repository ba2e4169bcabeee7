using System.Text.Json;
using System.Text.Json.Serialization;

namespace VmUpdate.Core.Store;

/// <summary>Values whose parts the store never asks for one by one, as JSON.</summary>
internal static class StoreJson
{
    private static readonly JsonSerializerOptions Options = new() { Converters = { new JsonStringEnumConverter() } };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    public static T Read<T>(string text)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Options) ?? throw Damaged(typeof(T).Name, null);
        }
        catch (JsonException failure)
        {
            throw Damaged(typeof(T).Name, failure);
        }
    }

    private static StoreException Damaged(string what, Exception? inner) =>
        new(StoreFailure.Corrupt, what, "the store holds one that cannot be read.", inner);
}
