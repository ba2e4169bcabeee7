using VmUpdate.GuestAgent.Commands;
using VmUpdate.GuestProtocol;

namespace VmUpdate.GuestAgent;

/// <summary>The program <c>vmupdate-agent</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (!Arguments.TryParse(args, out Arguments? arguments, out string wrong))
        {
            Console.Error.WriteLine($"vmupdate-agent: {wrong}");
            Console.Error.WriteLine();
            Console.Error.WriteLine(Arguments.Usage);
            return ExitCodes.WrongUsage;
        }

        try
        {
            return arguments.Command switch
            {
                "run" => RunCommand.Run(arguments),
                "request" => RequestCommand.Run(arguments),
                "status" => StatusCommand.Run(arguments),
                _ => Platform.RunServiceCommand(arguments.Command),
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or GuestProtocolException)
        {
            Console.Error.WriteLine($"vmupdate-agent: {failure.Message}");
            return ExitCodes.NoAgent;
        }
    }
}
