using System.Text.Json;
using System.Text.Json.Serialization;
using VmUpdate.Core.Guests;
using VmUpdate.Core.Store;
using VmUpdate.Core.Tasks;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Broker;

/// <summary>
/// The policy for the requests of guests: <c>guest-policy.json</c> in the store's folder, written by the administrator. Without the file the
/// defaults of <see cref="GuestPolicy"/> hold; a file that cannot be used allows nothing. See guest-policy.schema.json.
/// </summary>
public static class GuestPolicyFile
{
    /// <summary>The file's name in the store's folder.</summary>
    public const string FileName = "guest-policy.json";

    /// <summary>The longest file, in bytes.</summary>
    public const int MaxLength = 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
    };

    /// <summary>Reads the policy of a store.</summary>
    /// <param name="store">The store.</param>
    /// <returns>The policy, or what is wrong with it.</returns>
    public static GuestPolicyReading Read(VmUpdateStore store)
    {
        string path = Path.Combine(store.Folder.Path, FileName);
        try
        {
            if (!store.Folder.Exists(FileName))
            {
                return new GuestPolicyReading(path, GuestPolicy.Default, true, string.Empty);
            }

            if (HostAccess.FindOtherWriter(path) is { } who)
            {
                return Broken(path, $"{who} may write to it, and could so allow guests what you do not. Take that right away (chmod go-w, or icacls).");
            }

            using IBlockFile file = store.Folder.Open(FileName, HostFileMode.Read);
            if (file.Length > MaxLength)
            {
                return Broken(path, $"it has {file.Length} bytes, and {MaxLength} are the most.");
            }

            byte[] bytes = new byte[file.Length];
            file.ReadAt(0, bytes);
            GuestPolicy policy = Parse(bytes);
            return policy.WhyNotUsable() is { } why ? Broken(path, why) : new GuestPolicyReading(path, policy, false, string.Empty);
        }
        catch (HostFileException failure)
        {
            return Broken(path, $"it cannot be read ({failure.Failure}).");
        }
        catch (JsonException failure)
        {
            return Broken(path, $"it is no such JSON: {failure.Message}");
        }
    }

    /// <summary>Puts a policy into a store's folder, in the place of the one that is there.</summary>
    /// <param name="store">The store.</param>
    /// <param name="content">The file's bytes.</param>
    /// <exception cref="TaskException"><see cref="TaskDefect.BadGuestPolicy"/>: it cannot be used; the one that is there stays.</exception>
    public static void Replace(VmUpdateStore store, byte[] content)
    {
        if (content.Length > MaxLength)
        {
            throw new TaskException(TaskDefect.BadGuestPolicy, FileName, $"It has more than {MaxLength} bytes.");
        }

        try
        {
            if (Parse(content).WhyNotUsable() is { } why)
            {
                throw new TaskException(TaskDefect.BadGuestPolicy, FileName, why);
            }
        }
        catch (JsonException failure)
        {
            throw new TaskException(TaskDefect.BadGuestPolicy, FileName, $"It is no such JSON: {failure.Message}");
        }

        const string temporary = FileName + ".tmp";
        store.Folder.Delete(temporary);
        using (IBlockFile file = store.Folder.Create(temporary))
        {
            file.WriteAt(0, content);
            file.Flush();
        }

        store.Folder.Rename(temporary, FileName);
        store.Folder.Flush();
    }

    private static GuestPolicy Parse(byte[] bytes)
    {
        ReadOnlySpan<byte> text = bytes;
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        text = text.StartsWith(mark) ? text.Slice(mark.Length) : text;
        return JsonSerializer.Deserialize<GuestPolicy>(text, Json) ?? throw new JsonException("it is null.");
    }

    private static GuestPolicyReading Broken(string path, string defect) => new(path, null, false, defect);
}
