using System.Text.Json;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>An update agent as its file <c>update-agents.d/INSTRUCTOR.json</c> says it; see README.md for the fields.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Executable">Its program, a full path.</param>
/// <param name="Arguments">The program's arguments; <see cref="ProgramAgent.PayloadPlaceholder"/> in them stands for the payload's file.</param>
/// <param name="Account">The user it runs as; empty for the agent's own.</param>
/// <param name="PayloadByInput">Whether the payload comes by standard input, not as a file.</param>
/// <param name="CanBreakOff">Whether it may be ended when a run is given up or takes too long.</param>
internal sealed record Registration(
    string Name, string Executable, IReadOnlyList<string> Arguments, string Account, bool PayloadByInput, bool CanBreakOff)
{
    /// <summary>The ending of the files' names.</summary>
    public const string Ending = ".json";

    private const int MaxLength = 64 * 1024;
    private const int MaxArguments = 64;
    private const int MaxText = 4096;

    /// <summary>Reads and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="FormatException">It is not what it must be; the message says what.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Registration Read(string path)
    {
        if (Platform.WhyNotTrusted(Path.GetDirectoryName(path)!) is { } folderWhy)
        {
            throw new FormatException(folderWhy);
        }

        if (Platform.WhyNotTrusted(path) is { } fileWhy)
        {
            throw new FormatException(fileWhy);
        }

        Registration registration;
        try
        {
            registration = Parse(path, SafeFile.Read(path, MaxLength));
        }
        catch (InvalidOperationException notText)
        {
            throw new FormatException($"{path}: {notText.Message}", notText);
        }

        if (Platform.WhyNotTrusted(registration.Executable) is { } programWhy)
        {
            throw new FormatException($"{path}: {programWhy}");
        }

        return registration;
    }

    private static Registration Parse(string path, byte[] bytes)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes);
        }
        catch (JsonException notJson)
        {
            throw new FormatException($"{path} is no JSON: {notJson.Message}", notJson);
        }

        using (document)
        {
            string name = string.Empty;
            string executable = string.Empty;
            string account = string.Empty;
            string payload = "file";
            bool canBreakOff = true;
            IReadOnlyList<string> arguments = [];
            var seen = new HashSet<string>();
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException($"{path}: expected an object, found {document.RootElement.ValueKind}.");
            }

            foreach (JsonProperty field in document.RootElement.EnumerateObject())
            {
                if (!seen.Add(field.Name))
                {
                    throw new FormatException($"{path}: the field '{OneLine.Of(field.Name, 64)}' is there twice.");
                }

                switch (field.Name)
                {
                    case "name": name = Text(path, field.Name, field.Value); break;
                    case "executable": executable = Text(path, field.Name, field.Value); break;
                    case "account": account = Text(path, field.Name, field.Value); break;
                    case "payload": payload = Text(path, field.Name, field.Value); break;
                    case "canBreakOff": canBreakOff = Flag(path, field); break;
                    case "arguments": arguments = List(path, field); break;
                    default: throw new FormatException($"{path}: there is no field '{OneLine.Of(field.Name, 64)}'.");
                }
            }

            var registration = new Registration(name, executable, arguments, account, payload == "stdin", canBreakOff);
            return registration.Check(path, payload);
        }
    }

    private Registration Check(string path, string payload)
    {
        string? wrong = this switch
        {
            { Name.Length: 0 } => "the field 'name' must be there.",
            { Executable.Length: 0 } => "the field 'executable' must be there.",
            _ when !Platform.IsFullPath(Executable) => $"'executable' must be a full path, and is '{OneLine.Of(Executable, 200)}'.",
            _ when !File.Exists(Executable) => $"there is no program {OneLine.Of(Executable, 200)}.",
            _ when payload is not ("stdin" or "file") => "'payload' must be 'stdin' or 'file'.",
            { Account.Length: > 0 } when !NameRules.IsName(Account) => $"'account' must be a user's name, and is '{OneLine.Of(Account, 64)}'.",
            { Account.Length: > 0 } when Platform.WhyNotAs(Account) is { } why => why,
            { Account.Length: > 0, PayloadByInput: false } =>
                "an agent with an 'account' of its own gets its payload by standard input: set 'payload' to 'stdin'.",
            { PayloadByInput: true } when Arguments.Any(argument => argument.Contains(ProgramAgent.PayloadPlaceholder)) =>
                $"'arguments' name {ProgramAgent.PayloadPlaceholder}, and 'payload' is 'stdin'.",
            _ => null,
        };
        return wrong is null ? this : throw new FormatException($"{path}: {wrong}");
    }

    private static string Text(string path, string name, JsonElement value)
    {
        string? text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return text is not null && text.Length <= MaxText && !text.Any(char.IsControl)
            ? text
            : throw new FormatException($"{path}: '{name}' must be a text of at most {MaxText} characters, on one line.");
    }

    private static bool Flag(string path, JsonProperty field) => field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? field.Value.GetBoolean()
        : throw new FormatException($"{path}: '{field.Name}' must be true or false.");

    private static List<string> List(string path, JsonProperty field) =>
        field.Value.ValueKind == JsonValueKind.Array && field.Value.GetArrayLength() <= MaxArguments
            ? [.. field.Value.EnumerateArray().Select(entry => Text(path, field.Name, entry))]
            : throw new FormatException($"{path}: '{field.Name}' must be a list of at most {MaxArguments} texts.");
}
